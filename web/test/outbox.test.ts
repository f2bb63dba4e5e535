/** What became of a throw: never lost, never twice, judged from the view alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fateOf, restore } from "../src/core/outbox.ts";
import { PAPER_WINS, thrown, view } from "./build.ts";

test("a throw whose round is open and unthrown may be sent", () => {
  assert.equal(fateOf(thrown(), view()), "open");
});

test("a throw that the view shows as moved has counted", () => {
  assert.equal(fateOf(thrown(), view({ moved: [true, false] })), "counted");
});

test("a throw that lies in its finished round has counted", () => {
  assert.equal(fateOf(thrown(), view({ round: 2, rounds: [PAPER_WINS] })), "counted");
});

test("a throw whose round ended without it is missed", () => {
  const late = view({ round: 2, rounds: [{ moves: [null, "paper"], winner: 1 }] });
  assert.equal(fateOf(thrown(), late), "missed");
});

test("a throw for the same round number of an earlier match at this table is missed", () => {
  assert.equal(fateOf(thrown(), view({ deadline: "2026-11-21T11:00:00Z" })), "missed");
});

test("a throw by someone without a seat is missed", () => {
  assert.equal(fateOf(thrown(), view({ you: null })), "missed");
});

test("a throw is found again after a reload, in its own match only", () => {
  const text = JSON.stringify(thrown());
  assert.deepEqual(restore(text, thrown().match), thrown());
  assert.equal(restore(text, "another"), null);
  assert.equal(restore("{", thrown().match), null);
  assert.equal(restore(null, thrown().match), null);
});
