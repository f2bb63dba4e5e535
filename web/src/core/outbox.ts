/** The one throw that is not yet known to have arrived: what became of it, judged from the newest view alone. */
import type { Shape, View } from "../api/types.ts";
import { isShape } from "./games.ts";
import { firstRound } from "./rounds.ts";

export interface Throw {
  match: string;
  round: number;
  deadline: string | null; // with `round` it names a round for ever, also across rematches
  shape: Shape;
  key: string; // the same for every attempt, so that the server counts it once
}

export type Fate = "open" | "counted" | "missed";

/** `open`: may still be sent; `counted`: the server has it; `missed`: its round went on without it. */
export function fateOf(thrown: Throw, view: View): Fate {
  const seat = view.you;
  if (seat === null) return "missed";
  if (view.status === "playing" && view.round === thrown.round) {
    if (view.deadline !== thrown.deadline) return "missed";
    return view.moved[seat] ? "counted" : "open";
  }
  const finished = view.rounds[thrown.round - firstRound(view)];
  return finished?.moves[seat] === thrown.shape ? "counted" : "missed";
}

/** A throw as it was kept over a reload; null where the text is not one for this match. */
export function restore(text: string | null, match: string): Throw | null {
  if (!text) return null;
  try {
    const kept = JSON.parse(text) as Partial<Throw>;
    const sound = kept.match === match && isShape(kept.shape) && Number.isInteger(kept.round) && !!kept.key;
    return sound ? (kept as Throw) : null;
  } catch {
    return null; // whoever wrote it, it was not us
  }
}
