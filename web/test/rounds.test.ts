/** Reading finished rounds: numbers, results, misses, and the history's events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { finished, firstRound, foldEvents, hasNewRound, missesInARow, resultFor } from "../src/core/rounds.ts";
import { PAPER_WINS, view } from "./build.ts";

const many = Array.from({ length: 31 }, () => PAPER_WINS);
const log = (type: string, more = {}) => ({ version: 1, at: "", type, ...more });

test("a view of a long match knows the numbers of the rounds it still shows", () => {
  assert.equal(firstRound(view({ round: 41, rounds: many })), 10);
  assert.equal(finished(view({ round: 40, rounds: many, status: "ended", ended_by: "score" })), 40);
  assert.equal(firstRound(view({ round: 2, rounds: [PAPER_WINS] })), 1);
});

test("a match given up in its third round has two finished ones", () => {
  const ended = view({ status: "ended", ended_by: "resignation", round: 3, rounds: [PAPER_WINS, PAPER_WINS] });
  assert.equal(finished(ended), 2);
});

test("a round is new only against an older view of the same match", () => {
  const next = view({ round: 2, rounds: [PAPER_WINS] });
  assert.equal(hasNewRound(view(), next), true);
  assert.equal(hasNewRound(null, next), false);
  assert.equal(hasNewRound(next, next), false);
  assert.equal(hasNewRound(view({ ...next, status: "ended" }), view()), false);
});

test("results are told from the near seat", () => {
  assert.deepEqual([resultFor(null, 0), resultFor(0, 0), resultFor(1, 0)], ["tied", "won", "lost"]);
});

test("misses in a row are counted from the newest round back", () => {
  const missed = { moves: [null, "paper"], winner: 1 };
  assert.equal(missesInARow(view({ rounds: [PAPER_WINS, missed, missed] }), 0), 2);
  assert.equal(missesInARow(view({ rounds: [missed] }), 0), 1);
  assert.equal(missesInARow(view(), 0), 0);
});

test("events fold into rounds, and a rematch begins a new row", () => {
  const events = [
    log("match.created.v1"),
    log("rps.shape-thrown.v1", { seat: 0, shape: "rock" }),
    log("rps.shape-thrown.v1", { seat: 1, shape: "paper" }),
    log("match.round-ended.v1", { winner: 1 }),
    log("match.restarted.v1"),
    log("rps.shape-thrown.v1", { seat: 1, shape: "rock" }),
    log("match.round-ended.v1", { winner: 1, missed: [0] }),
  ];
  assert.deepEqual(foldEvents(events), [[PAPER_WINS], [{ moves: [null, "rock"], winner: 1 }]]);
});
