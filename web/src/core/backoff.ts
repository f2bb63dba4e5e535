/** How long to wait before the next attempt: doubling, bounded, and jittered so that clients do not march in step. */

const FIRST_MS = 400;
const LONGEST_MS = 8_000;

/** Milliseconds before attempt `n` (from 0); `chance` in [0, 1) spreads them over the upper half. */
export function backoff(n: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(n, 10));
  return full * (0.5 + chance / 2);
}
