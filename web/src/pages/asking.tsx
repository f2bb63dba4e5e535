/** A page's question to the server: asked again by itself, with words for a long wait and a way on from a failure. */
import { useEffect, useRef, useState } from "preact/hooks";
import { insist, orNotYet } from "../api/again.ts";
import { Problem } from "../api/http.ts";
import { problemText, t, type Key } from "../words/index.ts";

const SLOW_MS = 2_000; // shorter waits end before anybody can read about them
const TRIES_FOR_UNKNOWN = 5; // about ten seconds; PostgreSQL may be behind the match

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
    insist(question, orNotYet(TRIES_FOR_UNKNOWN), signal)
      .then(show)
      .then(() => set("ready"), (error: unknown) => set("failed", error instanceof Problem ? error.code : "unavailable"))
      .finally(() => clearTimeout(slow));
  };
  return [asking, ask];
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
