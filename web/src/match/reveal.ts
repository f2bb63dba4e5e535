/** The one strong gesture, in three beats: both lie face down, both turn over, the winner moves over the loser. */
import { signal } from "@preact/signals";
import { play } from "../ui/sound.ts";

export type Phase = "still" | "land" | "turn" | "settle";

const BEATS: [Phase, number][] = [
  ["land", 200],
  ["turn", 300],
  ["settle", 350],
];

export function createReveal() {
  const phase = signal<Phase>("still");
  let timer: ReturnType<typeof setTimeout> | undefined;

  let last = false;

  function beat(n: number): void {
    const [name, ms] = BEATS[n] ?? ["still" as const, null];
    phase.value = name;
    if (name === "turn") play("turn");
    if (name === "settle" && last) play("end");
    if (ms !== null) timer = setTimeout(() => beat(n + 1), ms);
  }

  /** `ends`: this round was the match's last. */
  function begin(ends: boolean): void {
    clearTimeout(timer);
    last = ends;
    beat(0);
  }

  function skip(): void {
    clearTimeout(timer);
    phase.value = "still";
  }

  return { phase, begin, skip };
}
