/** From the newest view to the picture, one sentence a test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf } from "../src/core/screen.ts";
import { here, PAPER_WINS, thrown, view } from "./build.ts";

test("who has not thrown is on turn before an empty table", () => {
  const picture = pictureOf(view(), here());
  assert.equal(picture.state, "turn");
  assert.deepEqual([picture.near, picture.far], [{ kind: "empty" }, { kind: "empty" }]);
});

test("the last round stays on the table until a new throw", () => {
  const next = view({ round: 2, rounds: [PAPER_WINS], score: [0, 1] });
  const picture = pictureOf(next, here());
  assert.deepEqual(picture.far, { kind: "up", shape: "paper" });
  assert.equal(picture.result, "lost");
  const after = pictureOf(next, here({ pending: thrown({ round: 2 }) }));
  assert.deepEqual([after.near, after.far, after.result], [{ kind: "down" }, { kind: "empty" }, null]);
});

test("a throw under way shows as sending, without a network as offline", () => {
  const pending = thrown();
  assert.equal(pictureOf(view(), here({ pending })).state, "sending");
  assert.equal(pictureOf(view(), here({ pending, offline: true })).state, "offline");
});

test("a throw for an earlier round is not taken for one of this round", () => {
  const picture = pictureOf(view({ round: 2, rounds: [PAPER_WINS] }), here({ pending: thrown() }));
  assert.equal(picture.state, "turn");
  assert.equal(picture.chosen, null);
});

test("a throw that the server has shows as thrown, from the view alone", () => {
  const picture = pictureOf(view({ moved: [true, false], mine: { shape: "rock" } }), here());
  assert.equal(picture.state, "thrown");
  assert.equal(picture.chosen, "rock");
});

test("seat 1 sees itself near", () => {
  const picture = pictureOf(view({ you: 1, round: 2, rounds: [PAPER_WINS] }), here());
  assert.deepEqual([picture.bottom, picture.top, picture.result], [1, 0, "won"]);
  assert.deepEqual(picture.near, { kind: "up", shape: "paper" });
});

test("a spectator sees that someone has thrown, never what", () => {
  const picture = pictureOf(view({ you: null, moved: [false, true] }), here());
  assert.equal(picture.state, "spectator");
  assert.deepEqual([picture.near, picture.far], [{ kind: "empty" }, { kind: "down" }]);
});

test("a seat that missed the round shows as missed", () => {
  const picture = pictureOf(view({ round: 2, rounds: [{ moves: ["rock", null], winner: 0 }] }), here());
  assert.deepEqual(picture.far, { kind: "missed" });
});

test("waiting, joining, a free seat, nobody came, over and watching the end are told apart", () => {
  const alone = { status: "waiting" as const, seats: [{ player: "a", name: "Ana" }, null] };
  assert.equal(pictureOf(view(alone), here()).state, "waiting");
  assert.equal(pictureOf(view({ ...alone, you: null }), here({ joining: true })).state, "joining");
  assert.equal(pictureOf(view({ ...alone, you: null }), here()).state, "free");
  assert.equal(pictureOf(view({ ...alone, status: "ended" }), here()).state, "expired");
  assert.equal(pictureOf(view({ status: "ended" }), here()).state, "over");
  assert.equal(pictureOf(view({ status: "ended", you: null }), here()).state, "spectator-over");
  assert.equal(pictureOf(view({ status: "ended" }), here({ revealing: true })).state, "reveal");
});
