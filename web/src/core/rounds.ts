/** Reading a view's finished rounds: their numbers, who won, and whether a newer view has one more. */
import type { LogEvent, Round, Seat, View } from "../api/types.ts";

export type Result = "won" | "lost" | "tied";

const SHOWN = 31; // a view keeps only the last rounds of a long match

/** The number of `view.rounds[0]`. */
export function firstRound(view: View): number {
  return finished(view) - view.rounds.length + 1;
}

/** How many rounds are over. `view.round` is the one being played, or the one in which the match ended. */
export function finished(view: View): number {
  if (view.rounds.length < SHOWN) return view.rounds.length;
  const cutShort = view.status === "playing" || view.ended_by === "resignation";
  return cutShort ? view.round - 1 : view.round;
}

export function lastRound(view: View): Round | null {
  return view.rounds.at(-1) ?? null;
}

/** How a round or a match ended for the seat that looks from `bottom`. */
export function resultFor(winner: Seat | null, bottom: Seat): Result {
  if (winner === null) return "tied";
  return winner === bottom ? "won" : "lost";
}

/** True when `next` shows a finished round that `before` did not, and the match was not begun anew. */
export function hasNewRound(before: View | null, next: View): boolean {
  if (!before || !next.rounds.length) return false;
  return finished(next) > finished(before) && before.status === "playing";
}

/** How many rounds in a row, up to the newest, a seat has let pass without a throw. */
export function missesInARow(view: View, seat: Seat): number {
  const thrown = view.rounds.map((round) => round.moves[seat] !== null);
  return thrown.length - 1 - thrown.lastIndexOf(true);
}

/** The matches played at one table (more than one after rematches), each as its rounds, from the history's events. */
export function foldEvents(events: readonly LogEvent[], seats = 2): Round[][] {
  const matches: Round[][] = [[]];
  let moves: (string | null)[] = Array(seats).fill(null);
  for (const event of events) {
    if (event.type.includes(".shape-thrown.")) moves[event.seat ?? 0] = event.shape ?? null;
    if (event.type.startsWith("match.restarted.")) matches.push([]);
    if (event.type.startsWith("match.round-ended.")) {
      matches.at(-1)!.push({ moves, winner: event.winner ?? null });
    }
    if (/^match\.(round-ended|restarted)\./.test(event.type)) moves = Array(seats).fill(null);
  }
  return matches;
}
