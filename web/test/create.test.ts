/** Setting a new table against a server in miniature. */
import { begin, pass, serve, type Reply } from "./browser.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { insisting, newMatch, problem, setting, takeMade } from "../src/match/create.ts";
import { place } from "../src/router.ts";
import { view } from "./build.ts";

const OPTIONS = view().options;

let creations = 0;

beforeEach(() => {
  begin();
  creations = 0;
});
afterEach(() => mock.timers.reset());

function answer(path: string): Reply {
  const session = { player: { id: "a", name: "Ana" }, expires_in: 900 };
  return path.startsWith("/auth/v1/") ? { body: session } : { status: 201, body: view() };
}

test("the view of a match made here is handed out once, so that who comes back asks for the newest", async () => {
  serve((_, path) => answer(path));
  void newMatch("rps", OPTIONS);
  await pass(100);
  assert.equal(takeMade(view().id)?.version, view().version);
  assert.equal(takeMade(view().id), null);
});

test("a creation that the server puts off is repeated when it said, not sooner, and then the table is there", async () => {
  serve((_, path) => {
    const putsOff = path === "/v1/matches" && ++creations === 1;
    return putsOff ? { status: 503, headers: { "Retry-After": "2" } } : answer(path);
  });
  void newMatch("rps", OPTIONS);
  await pass(1_900);
  assert.deepEqual([creations, insisting.value], [1, true]);
  await pass(500);
  assert.deepEqual([creations, setting.value, problem.value], [2, false, null]);
  assert.deepEqual(place.value, { page: "match", id: view().id });
});
