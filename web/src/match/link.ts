/** Whether the server answers, noted at every request and by the stream; the browser's opinion only words the silence. */
import { computed, signal } from "@preact/signals";
import { Away } from "../api/http.ts";

export type Link = "ok" | "offline" | "away";

const AWAY_AFTER_MS = 2_000; // shorter silences heal before anybody can read about them

interface Ways {
  back(): void; // the server answered
  changed(onLine: boolean): void; // what the browser thinks of the network, which is wrong where all is on one machine
}

export function createLink(ways: Ways) {
  const away = signal(false);
  const onLine = signal(navigator.onLine);
  const state = computed<Link>(() => (!away.value ? "ok" : onLine.value ? "away" : "offline"));
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Note whether the server answers at all, whatever it answers. */
  async function reached<T>(answer: Promise<T>): Promise<T> {
    const doubt = setTimeout(() => (away.value = true), AWAY_AFTER_MS);
    try {
      const value = await answer;
      note(true);
      return value;
    } catch (error) {
      note(!(error instanceof Away));
      throw error;
    } finally {
      clearTimeout(doubt);
    }
  }

  function note(open: boolean): void {
    if (!open) return void (timer ??= setTimeout(() => (away.value = true), onLine.value ? AWAY_AFTER_MS : 0));
    clearTimeout(timer);
    timer = undefined;
    away.value = false;
    ways.back();
  }

  function heard(): void {
    onLine.value = navigator.onLine;
    ways.changed(onLine.value);
  }

  function close(): void {
    clearTimeout(timer);
    for (const name of ["online", "offline"]) removeEventListener(name, heard);
  }

  for (const name of ["online", "offline"]) addEventListener(name, heard);
  return { state, reached, note, close };
}
