/** The server's time, estimated from `Date` headers, and clocks in words. */

/** What a `Date` header tells: the server's clock minus ours lies between these, in milliseconds. */
export interface Skew {
  low: number;
  high: number;
}

/** What one answer tells: asked at `t0` and answered at `t1` on our clock; `Date` is cut to whole seconds. */
export function skewOf(date: number, t0: number, t1: number): Skew {
  return { low: date - t1, high: date + 1000 - t0 };
}

/** Both must be true at once; where they cannot be, a clock was set and only the newer one counts. */
export function narrow(known: Skew | null, seen: Skew): Skew {
  if (!known) return seen;
  const both = { low: Math.max(known.low, seen.low), high: Math.min(known.high, seen.high) };
  return both.low <= both.high ? both : seen;
}

/** Milliseconds to add to our clock; 0 as long as our own clock may be right. */
export function offset(skew: Skew | null): number {
  if (!skew || (skew.low <= 0 && skew.high >= 0)) return 0;
  return (skew.low + skew.high) / 2;
}

/** Milliseconds left until an RFC 3339 deadline, never below 0; null where there is none. */
export function left(deadline: string | null, now: number): number | null {
  if (deadline === null) return null;
  return Math.max(0, Date.parse(deadline) - now);
}

/** "9", from a minute up "1:05", from an hour up "2:03:04"; 0 only at the very end. */
export function clockText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h) return `${h}:${two(m)}:${two(s)}`;
  return m ? `${m}:${two(s)}` : `${s}`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
