/** Three short sounds drawn with Web Audio; off until a player switches them on. */
import { signal } from "@preact/signals";
import { keep, kept } from "../core/keep.ts";

export type Sound = "land" | "turn" | "end";

/** Each note: frequency in Hz, start and length in seconds. */
const NOTES: Record<Sound, [number, number, number][]> = {
  land: [[150, 0, 0.09]],
  turn: [
    [420, 0, 0.07],
    [560, 0.06, 0.09],
  ],
  end: [
    [392, 0, 0.14],
    [494, 0.12, 0.14],
    [587, 0.24, 0.28],
  ],
};

export const soundOn = signal(kept("sound") === "on");
let context: AudioContext | null = null;

export function switchSound(): void {
  soundOn.value = !soundOn.value;
  keep("sound", soundOn.value ? "on" : null);
  play("land");
}

export function play(sound: Sound): void {
  if (!soundOn.value) return;
  context ??= new AudioContext();
  for (const note of NOTES[sound]) strike(context, note);
}

function strike(audio: AudioContext, [frequency, start, length]: [number, number, number]): void {
  const at = audio.currentTime + start;
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  tone.type = "triangle";
  tone.frequency.value = frequency;
  loudness.gain.setValueAtTime(0.18, at);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + length);
  tone.connect(loudness).connect(audio.destination);
  tone.start(at);
  tone.stop(at + length);
}
