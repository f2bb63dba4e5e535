/** A page's question to the server: asked again by itself, with words for a long wait and a way on from a failure. */
import { useEffect, useRef, useState } from "preact/hooks";
import { insist, worthAnother } from "../api/again.ts";
import { Problem } from "../api/http.ts";
import { problemText, t, type Key } from "../words/index.ts";

const SLOW_MS = 2_000; // shorter waits end before anybody can read about them
const REFUSALS = 5; // about ten seconds, each with the server's word that it may soon know better

export interface Asking {
  state: "loading" | "slow" | "failed" | "ready";
  code: string; // why it failed
}

type Ask = <T>(question: () => Promise<T>, show: (answer: T) => void) => void;

export function useAsking(): [Asking, Ask] {
  const [asking, setAsking] = useState<Asking>({ state: "loading", code: "" });
  const gone = useRef(new AbortController());
  useEffect(() => () => gone.current.abort(), []);
  const ask: Ask = (question, show) => {
    const { signal } = gone.current;
    const set = (state: Asking["state"], code = "") => signal.aborted || setAsking({ state, code });
    set("loading");
    const slow = setTimeout(() => set("slow"), SLOW_MS);
    insist(question, worth, signal)
      .then(show)
      .then(() => set("ready"), (error: unknown) => set("failed", error instanceof Problem ? error.code : "unavailable"))
      .finally(() => clearTimeout(slow));
  };
  return [asking, ask];
}

/** PostgreSQL may be behind the match: then the server says when to ask again. */
function worth(error: unknown, attempt: number): boolean {
  const soon = error instanceof Problem && error.status === 404 && error.retryAfter !== null && attempt < REFUSALS;
  return soon || worthAnother(error, attempt);
}

/** What stands where the answer will be. The status is there before its words, so that they are announced. */
export function Pending({ asking, words }: { asking: Asking; words: Key }) {
  const { state, code } = asking;
  return (
    <>
      <div class={state === "loading" ? "note patient" : "note"} role="status">
        {state === "loading" ? t(words) : state === "slow" ? t("page.slow") : ""}
      </div>
      {state === "failed" && <p role="alert">{problemText(code)}</p>}
    </>
  );
}
