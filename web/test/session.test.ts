/** Who is playing, when cookies run out, are gone, or belong to another tab. */
import { begin, pass, serve, type Reply } from "./browser.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Away, Problem } from "../src/api/http.ts";
import { askAs, player, ready } from "../src/api/session.ts";
import { keep } from "../src/core/keep.ts";
import { seatOf } from "../src/core/seats.ts";
import { view } from "./build.ts";

const ANA = { id: "a", name: "Ana" };
const BOR = { id: "b", name: "Bor" };

beforeEach(() => {
  begin();
  player.value = null;
});
afterEach(() => mock.timers.reset());

/** What this browser remembers of its cookies. */
function known(renewIn: number): void {
  keep("session", JSON.stringify({ ...ANA, renewAt: Date.now() + renewIn }));
}

/** Renewals are answered so; a new guest would be Bor. */
function renewals(reply: Reply): void {
  serve((_, path) => (path.endsWith("/guests") ? { body: { player: BOR, expires_in: 900 } } : reply));
}

for (const status of [403, 429, 500]) {
  test(`a player whose renewal fails with ${status} stays who they are, and tries again later`, async () => {
    known(-1);
    renewals({ status, headers: { "Retry-After": "7" } });
    const failure = await ready().catch((error: unknown) => error);
    assert.ok(failure instanceof Away);
    assert.equal(failure.retryAfter, 7);
    renewals({ body: { player: ANA, expires_in: 900 } });
    assert.equal((await ready()).id, "a");
  });
}

test("a newcomer whom the server refuses learns why", async () => {
  renewals({ status: 403, body: { code: "origin_required" } });
  const failure = await ready().catch((error: unknown) => error);
  assert.ok(failure instanceof Problem);
  assert.equal(failure.code, "origin_required");
});

test("a player whom the server no longer knows goes on as a new guest", async () => {
  known(-1);
  renewals({ status: 401, body: { code: "invalid_token" } });
  assert.equal((await ready()).id, "b");
  assert.equal(player.value?.id, "b");
});

test("a player made in another tab is the player of this one, too", async () => {
  known(60_000);
  serve(() => ({ body: {} }));
  await askAs({ path: "/v1/games" });
  assert.equal(player.value?.id, "a");
  await pass(50);
});

test("nobody sits on a free seat", () => {
  const seats = [view().seats[0]!, null];
  assert.deepEqual([seatOf(seats, "a"), seatOf(seats, "b"), seatOf(seats, undefined)], [0, -1, -1]);
});
