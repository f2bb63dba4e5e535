/** Sending the one pending throw: kept over reloads, the same key each time, until the server has judged it. */
import { signal } from "@preact/signals";
import { fleeting, waitAfter } from "../api/again.ts";
import { Problem } from "../api/http.ts";
import type { Shape, View } from "../api/types.ts";
import { keep, kept } from "../core/keep.ts";
import { fateOf, restore, type Throw } from "../core/outbox.ts";

interface Ways {
  /** Sends and shows the view after it; throws `Problem` or `Away`. */
  send(shape: Shape, round: number, key: string): Promise<void>;
  refused(code: string): void;
}

export function createOutbox(match: string, ways: Ways) {
  const place = `throw.${match}`;
  const pending = signal<Throw | null>(restore(kept(place, "session"), match));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending = false;
  let seen = false; // a throw from before a reload waits for the first view
  let closed = false;
  let failures = 0;

  function set(next: Throw | null): void {
    keep(place, next && JSON.stringify(next), "session");
    pending.value = next;
  }

  function put(thrown: Throw): void {
    failures = 0;
    set(thrown);
    flush();
  }

  function settle(view: View): void {
    seen = true;
    const thrown = pending.value;
    if (!thrown) return;
    const fate = fateOf(thrown, view);
    if (fate === "open") return flush();
    if (fate === "missed" && sending) return; // the answer will say why
    set(null);
    if (fate === "missed") ways.refused("too_late");
  }

  /** Try now, unless a try is under way. */
  function flush(): void {
    if (!pending.value || sending || closed || !seen) return;
    clearTimeout(timer);
    void attempt(pending.value);
  }

  async function attempt(thrown: Throw): Promise<void> {
    sending = true;
    try {
      await ways.send(thrown.shape, thrown.round, thrown.key);
      forget(thrown);
    } catch (error) {
      if (error instanceof Problem && !fleeting(error)) refuse(thrown, error);
      else again(error);
    } finally {
      sending = false;
    }
    if (pending.value && pending.value.key !== thrown.key) flush(); // thrown for the next round meanwhile
  }

  function refuse(thrown: Throw, problem: Problem): void {
    forget(thrown);
    ways.refused(problem.code);
  }

  function again(error: unknown): void {
    if (closed) return;
    timer = setTimeout(flush, waitAfter(error, failures++));
  }

  function forget(thrown: Throw): void {
    if (pending.value?.key === thrown.key) set(null);
  }

  function close(): void {
    closed = true;
    clearTimeout(timer);
  }

  return { pending, put, settle, flush, close };
}
