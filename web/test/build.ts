/** Builds what tests begin with: a match between two guests, seen from seat 0. */
import type { View } from "../src/api/types.ts";
import type { Throw } from "../src/core/outbox.ts";
import type { Here } from "../src/core/screen.ts";

export const DEADLINE = "2026-11-21T10:00:30Z";

export function view(changes: Partial<View> = {}): View {
  return {
    id: "4e1aadde-c4f2-4f7c-837e-74a422e4e9fb",
    game: "rps",
    version: 3,
    status: "playing",
    options: { best_of: 7, move_seconds: 30, opponent: "open" },
    seats: [
      { player: "a", name: "Ana" },
      { player: "b", name: "Bor" },
    ],
    you: 0,
    mine: null,
    deadline: DEADLINE,
    score: [0, 0],
    round: 1,
    moved: [false, false],
    rounds: [],
    winner: null,
    ended_by: null,
    rematch: [false, false],
    ...changes,
  };
}

export function thrown(changes: Partial<Throw> = {}): Throw {
  return { match: view().id, round: 1, deadline: DEADLINE, shape: "rock", key: "k", ...changes };
}

export function here(changes: Partial<Here> = {}): Here {
  return { pending: null, offline: false, revealing: false, joining: false, ...changes };
}

export const PAPER_WINS = { moves: ["rock", "paper"], winner: 1 };
