/** From the newest view, and what only this browser knows, to the picture a player sees. Pure. */
import type { Seat, Shape, View } from "../api/types.ts";
import { isShape } from "./games.ts";
import type { Throw } from "./outbox.ts";
import { lastRound, resultFor, type Result } from "./rounds.ts";
import { otherSeat } from "./seats.ts";

/** What `data-state` of the match says; each is a designed picture. */
export type State =
  | "loading"
  | "away" // nothing to show yet, because the server does not answer
  | "not-found"
  | "failed" // the server answers, but does not let us see the match
  | "waiting"
  | "joining"
  | "free" // a seat that we did not get, although nobody else has it
  | "turn"
  | "sending"
  | "offline" // thrown while the network was away: kept, sent on return
  | "thrown"
  | "reveal"
  | "over"
  | "expired" // nobody came
  | "spectator"
  | "spectator-over";

/** What lies on the table before a seat. */
export type Token =
  | { kind: "empty" }
  | { kind: "down" }
  | { kind: "missed" }
  | { kind: "up"; shape: Shape };

export interface Here {
  pending: Throw | null;
  offline: boolean;
  revealing: boolean;
  joining: boolean;
}

export interface Picture {
  state: State;
  bottom: Seat; // who sits at the near side: you, or seat 0 for spectators
  top: Seat;
  near: Token;
  far: Token;
  result: Result | null; // of the round that lies on the table, seen from `bottom`
  chosen: Shape | null; // your own throw of this round
}

export function pictureOf(view: View, here: Here): Picture {
  const bottom = view.you ?? 0;
  const top = otherSeat(bottom);
  const chosen = chosenShape(view, here.pending);
  const [near, far, result] = onTable(view, bottom, top, chosen);
  return { state: stateOf(view, here, chosen), bottom, top, near, far, result, chosen };
}

function stateOf(view: View, here: Here, chosen: Shape | null): State {
  if (view.status === "waiting") return waitingState(view, here);
  if (here.revealing) return "reveal";
  if (view.status === "ended") return endedState(view);
  if (view.you === null) return "spectator";
  if (view.moved[view.you]) return "thrown";
  if (!chosen) return "turn";
  return here.offline ? "offline" : "sending";
}

function waitingState(view: View, here: Here): State {
  if (view.you !== null) return "waiting";
  return here.joining ? "joining" : "free";
}

function endedState(view: View): State {
  if (view.seats.some((seat) => seat === null)) return "expired";
  return view.you === null ? "spectator-over" : "over";
}

function chosenShape(view: View, pending: Throw | null): Shape | null {
  if (view.status !== "playing" || view.you === null) return null;
  if (pending?.round === view.round && pending.deadline === view.deadline) return pending.shape;
  return isShape(view.mine?.shape) ? view.mine.shape : null;
}

/** The last round stays on the table until a new throw of this round takes its place. */
function onTable(view: View, bottom: Seat, top: Seat, chosen: Shape | null): [Token, Token, Result | null] {
  const last = lastRound(view);
  const begun = view.you === null ? view.moved.some(Boolean) : chosen !== null || !!view.moved[bottom];
  if (last && !(view.status === "playing" && begun)) {
    return [faceUp(last.moves[bottom]), faceUp(last.moves[top]), resultFor(last.winner, bottom)];
  }
  const lies = (seat: Seat): Token => ({ kind: view.moved[seat] ? "down" : "empty" });
  return [chosen ? { kind: "down" } : lies(bottom), lies(top), null];
}

function faceUp(shape: string | null | undefined): Token {
  return isShape(shape) ? { kind: "up", shape } : { kind: "missed" };
}
