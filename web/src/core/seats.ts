/** Where somebody sits. */
import type { Seat, Seated } from "../api/types.ts";

/** -1 for whoever has no seat, and for nobody: a free seat is not theirs. */
export function seatOf(seats: readonly (Seated | null)[], player: string | undefined): Seat {
  return player === undefined ? -1 : seats.findIndex((seated) => seated?.player === player);
}

export function otherSeat(seat: Seat): Seat {
  return seat === 0 ? 1 : 0;
}
