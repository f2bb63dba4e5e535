/** Asking again: what is worth another try, and how long to wait before it. */
import { backoff } from "../core/backoff.ts";
import { Away, Problem } from "./http.ts";

const REFUSALS = 5; // about ten seconds; silence is borne for ever, a server that keeps refusing is not
const PATIENCE_S = 10; // whom the server puts off for longer is better told so

/** Silence, a server that fails, or one that has too much to do: the same again may succeed. */
export function fleeting(error: unknown): boolean {
  return error instanceof Away || (error instanceof Problem && (error.status === 429 || error.status >= 500));
}

/** `fleeting`, but refusals only a few times and for short waits: beyond that their words are worth more. */
export function worthAnother(error: unknown, attempt: number): boolean {
  if (!(error instanceof Problem)) return fleeting(error);
  return fleeting(error) && attempt < REFUSALS && (error.retryAfter ?? 0) <= PATIENCE_S;
}

/** `worthAnother`, and so many times what is not there yet: stores follow the log, and a 404 then says Retry-After. */
export function orNotYet(tries: number): typeof worthAnother {
  return (error, attempt) => {
    const notYet = error instanceof Problem && error.status === 404 && error.retryAfter !== null;
    return worthAnother(error, attempt) || (notYet && attempt < tries);
  };
}

/** Milliseconds after the failed try `attempt` (from 0): never less than the server asked for. */
export function waitAfter(error: unknown, attempt: number): number {
  const asked = error instanceof Away || error instanceof Problem ? error.retryAfter : null;
  return Math.max((asked ?? 0) * 1000, backoff(attempt, Math.random()));
}

/** Ask until there is an answer, or a failure that is not `worth` another try; `signal` ends it before the next one. */
export async function insist<T>(ask: () => Promise<T>, worth: typeof worthAnother, signal?: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!worth(error, attempt)) throw error;
      const wait = waitAfter(error, attempt);
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}
