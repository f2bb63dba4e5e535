/** The match's clock: digits, and the table's rim that empties as time runs out. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { serverNow } from "../api/time.ts";
import type { View } from "../api/types.ts";
import { clockText, left } from "../core/clock.ts";
import { t } from "../words/index.ts";

const TICK_MS = 250;
const now = signal(serverNow());

/** Keeps the clocks of a page going while it is shown. */
export function useTicking(): void {
  useEffect(() => {
    now.value = serverNow();
    const timer = setInterval(() => (now.value = serverNow()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
}

/** Milliseconds left, at every tick; null without a deadline. */
export function timeLeft(deadline: string | null): number | null {
  return left(deadline, now.value);
}

/** Of a round's time; never more than the whole of it, though our clock may be a little behind. */
function roundLeft(view: View): number | null {
  const ms = view.status === "playing" ? timeLeft(view.deadline) : null;
  return ms === null ? null : Math.min(ms, view.options.move_seconds * 1000);
}

/** The time for a throw is nearly over: the last third of it, at most ten seconds. */
export function nearlyOver(view: View): boolean {
  const ms = roundLeft(view);
  return ms !== null && ms <= Math.min(10_000, (view.options.move_seconds * 1000) / 3);
}

export function ClockDigits({ view }: { view: View }) {
  const ms = roundLeft(view);
  return (
    <span class="digits" role="timer" aria-label={t("match.clock")} data-late={nearlyOver(view)}>
      {ms === null ? "" : clockText(ms)}
    </span>
  );
}

/** The ring around the table. It is the only thing that moves while a player decides. */
export function ClockRing({ view }: { view: View }) {
  const ms = roundLeft(view);
  const share = ms === null ? 0 : ms / (view.options.move_seconds * 1000);
  return (
    <svg class="ring" viewBox="0 0 200 200" aria-hidden="true" data-late={nearlyOver(view)}>
      <circle class="rim" cx="100" cy="100" r="97.5" />
      {ms !== null && <circle class="time" cx="100" cy="100" r="97.5" pathLength="1" style={{ strokeDashoffset: 1 - share }} />}
    </svg>
  );
}
