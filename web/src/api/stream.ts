/** Following a match: the browser's EventSource, reopened by us with back-off where the browser would give up. */
import { backoff } from "../core/backoff.ts";
import type { View } from "./types.ts";

export interface Listener {
  /** Ask by an ordinary request, which renews cookies and can say why: a refused stream hides its status from us. */
  probe(): Promise<void>;
  view(view: View): void;
  end(): void;
  link(open: boolean): void;
}

export interface Stream {
  /** Reconnect at once: the network is back, or the page was asleep. */
  reopen(): void;
  close(): void;
}

export function follow(match: string, listener: Listener): Stream {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  function open(): void {
    close();
    source = new EventSource(`/v1/matches/${match}/events`);
    source.onopen = () => {
      failures = 0;
      listener.link(true);
    };
    source.onerror = () => lost(source!.readyState === EventSource.CLOSED);
    source.addEventListener("view", (event) => listener.view(JSON.parse(event.data as string) as View));
    source.addEventListener("end", () => {
      close();
      listener.end();
    });
  }

  /** After a broken connection the browser reconnects with Last-Event-ID; after an answer like 401 it gives up. */
  function lost(final: boolean): void {
    listener.link(false);
    if (!final) return;
    clearTimeout(timer);
    timer = setTimeout(() => void again(), backoff(failures++, Math.random()));
  }

  async function again(): Promise<void> {
    const answered = await listener.probe().then(() => true, () => false);
    if (!source) return; // closed meanwhile
    if (answered) open();
    else lost(true);
  }

  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  open();
  return { reopen: open, close };
}
