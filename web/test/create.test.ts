/** Setting a new table against a server in miniature. */
import { begin, pass, serve } from "./browser.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { insisting, newMatch, problem, setting } from "../src/match/create.ts";
import { place } from "../src/router.ts";
import { view } from "./build.ts";

const OPTIONS = view().options;

let creations = 0;

beforeEach(() => {
  begin();
  creations = 0;
});
afterEach(() => mock.timers.reset());

test("a creation that the server puts off is repeated when it said, not sooner, and then the table is there", async () => {
  serve((_, path) => {
    if (path.startsWith("/auth/v1/")) return { body: { player: { id: "a", name: "Ana" }, expires_in: 900 } };
    return ++creations === 1 ? { status: 503, headers: { "Retry-After": "2" } } : { status: 201, body: view() };
  });
  void newMatch("rps", OPTIONS);
  await pass(1_900);
  assert.deepEqual([creations, insisting.value], [1, true]);
  await pass(500);
  assert.deepEqual([creations, setting.value, problem.value], [2, false, null]);
  assert.deepEqual(place.value, { page: "match", id: view().id });
});
