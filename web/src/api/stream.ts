/** Following a match: the browser's EventSource, reopened by us with back-off where the browser would give up. */
import { backoff } from "../core/backoff.ts";
import { Problem, refusalOf } from "./http.ts";
import type { View } from "./types.ts";

export interface Listener {
  /** Ask by an ordinary request, which renews cookies and can say why: a refused stream hides its status from us. */
  probe(): Promise<void>;
  view(view: View): void;
  end(): void;
  link(open: boolean): void;
  /** Why the server, which answers otherwise, keeps this stream closed; null once it is open. */
  refused(code: string | null): void;
}

export interface Stream {
  /** Reconnect at once: the network is back, or the page was asleep. */
  reopen(): void;
  close(): void;
}

const REFUSALS = 2; // in a row, though the server answers: then we ask for the reason
const POLL_MS = 5_000; // between two looks where no stream is to be had
const RELEASE_MS = 500; // what the server may take to note that the asking request has gone

export function follow(match: string, listener: Listener): Stream {
  const path = `/v1/matches/${match}/events`;
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let refusals = 0; // since the stream was last open

  function open(): void {
    close();
    source = new EventSource(path);
    source.onopen = () => {
      failures = refusals = 0;
      listener.link(true);
      listener.refused(null);
    };
    source.onerror = () => lost(source!.readyState === EventSource.CLOSED);
    source.addEventListener("view", (event) => listener.view(JSON.parse(event.data as string) as View));
    source.addEventListener("expired", open); // a planned end: nothing is wrong, so nobody need wait
    source.addEventListener("end", () => {
      close();
      listener.end();
    });
  }

  /** After a broken connection the browser reconnects with Last-Event-ID; after an answer like 401 it gives up. */
  function lost(final: boolean): void {
    if (refusals <= REFUSALS) listener.link(false);
    if (final) later(backoff(failures++, Math.random()));
  }

  function later(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void again(), ms);
  }

  async function again(): Promise<void> {
    const answered = await listener.probe().then(() => true, () => false);
    if (!source) return; // closed meanwhile
    if (!answered) lost(true);
    else if (++refusals > REFUSALS) await inquire();
    else open();
  }

  /** Asked once more by a request that can read the answer; until it is a stream, looking now and then must do. */
  async function inquire(): Promise<void> {
    const why = await refusalOf(path);
    if (!source) return;
    if (!why) return void (timer = setTimeout(open, RELEASE_MS));
    if (why instanceof Problem) listener.refused(why.code);
    later(POLL_MS);
  }

  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  open();
  return { reopen: open, close };
}
