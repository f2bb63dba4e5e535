/** The small pure parts: clocks, back-off, games, invitations. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../src/core/backoff.ts";
import { clockText, left, narrow, offset, skewOf } from "../src/core/clock.ts";
import { roundsToWin, shapeForKey, shapesOf } from "../src/core/games.ts";
import { linkTo, matchIn } from "../src/core/invitation.ts";

const ID = "4e1aadde-c4f2-4f7c-837e-74a422e4e9fb";

test("a clock that may be right is left alone", () => {
  assert.equal(offset(skewOf(10_000, 10_100, 10_300)), 0);
  assert.equal(offset(null), 0);
});

test("a clock that is a minute behind is set forward by a minute", () => {
  const skew = narrow(skewOf(70_000, 10_100, 10_300), skewOf(71_000, 11_000, 11_050));
  assert.ok(Math.abs(offset(skew) - 60_000) < 500);
});

test("when a clock was set, only the newer answer counts", () => {
  const newer = skewOf(500_000, 0, 10);
  assert.deepEqual(narrow(skewOf(0, 0, 10), newer), newer);
});

test("time left never goes below nothing", () => {
  assert.equal(left(null, 0), null);
  assert.equal(left("1970-01-01T00:00:05Z", 2_000), 3_000);
  assert.equal(left("1970-01-01T00:00:05Z", 9_000), 0);
});

test("a clock shows seconds, minutes, hours", () => {
  const shown = [0, 1, 8_999, 60_000, 65_000, 3_723_000].map(clockText);
  assert.deepEqual(shown, ["0", "1", "9", "1:00", "1:05", "1:02:03"]);
});

test("waits double up to a bound, and differ", () => {
  assert.deepEqual([backoff(0, 1), backoff(1, 1), backoff(99, 1)], [400, 800, 8_000]);
  assert.equal(backoff(0, 0), 200);
});

test("keys and shapes follow the order in the game's name", () => {
  assert.equal(shapeForKey("2", shapesOf("rps", "sl")), "scissors");
  assert.equal(shapeForKey("2", shapesOf("rps", "en")), "paper");
  assert.equal(shapeForKey("5", shapesOf("rpsfw", "en")), "water");
  assert.equal(shapeForKey("4", shapesOf("rps", "en")), undefined);
  assert.equal(shapeForKey("x", shapesOf("rps", "en")), undefined);
});

test("four of seven rounds decide", () => {
  assert.deepEqual([1, 7, 15].map(roundsToWin), [1, 4, 8]);
});

test("a code is found in a link, a message, or alone, in any case", () => {
  assert.equal(matchIn(ID.toUpperCase()), ID);
  assert.equal(matchIn(`Play with me: ${linkTo("http://localhost:8000", ID)} now`), ID);
  assert.equal(matchIn("hello"), null);
});
