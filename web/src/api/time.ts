/** The time as the server has it, so that a wrong clock on a phone does not show a wrong countdown. */
import { narrow, offset, skewOf, type Skew } from "../core/clock.ts";

let known: Skew | null = null;

/** Learn from one answer's `Date` header, asked at `t0` and answered at `t1`. */
export function learn(date: string | null, t0: number, t1: number): void {
  const at = Date.parse(date ?? "");
  if (!Number.isNaN(at)) known = narrow(known, skewOf(at, t0, t1));
}

/** Milliseconds since 1970 on the server's clock. */
export function serverNow(): number {
  return Date.now() + offset(known);
}
