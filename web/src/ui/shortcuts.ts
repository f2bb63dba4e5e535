/** Whether single keys throw: WCAG 2.1.4 asks for a switch, because speech input and shaky hands press keys by accident. */
import { signal } from "@preact/signals";
import { keep, kept } from "../core/keep.ts";

export const keysOn = signal(kept("keys") !== "off");

export function switchKeys(): void {
  keysOn.value = !keysOn.value;
  keep("keys", keysOn.value ? null : "off");
}
