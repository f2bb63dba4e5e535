/** The player's own matches, newest first, as PostgreSQL has them. */
import { useEffect, useState } from "preact/hooks";
import { listMatches } from "../api/calls.ts";
import { Problem } from "../api/http.ts";
import { player, ready } from "../api/session.ts";
import type { MatchRow } from "../api/types.ts";
import { seatOf } from "../core/seats.ts";
import { gameName, nameOf } from "../match/names.ts";
import { locale, problemText, t } from "../words/index.ts";

interface Pages {
  matches: MatchRow[];
  next: string | null;
  state: "loading" | "ready" | "failed";
  code: string;
}

export function HistoryPage() {
  const [pages, setPages] = useState<Pages>({ matches: [], next: null, state: "loading", code: "" });
  async function more(cursor: string | null): Promise<void> {
    try {
      const page = await listMatches((await ready()).id, cursor);
      setPages((old) => ({ matches: [...old.matches, ...page.matches], next: page.next, state: "ready", code: "" }));
    } catch (error) {
      const code = error instanceof Problem ? error.code : "unavailable";
      setPages((old) => ({ ...old, state: "failed", code }));
    }
  }
  useEffect(() => void more(null), []);
  const retry = () => {
    if (pages.state === "loading") return;
    setPages({ ...pages, state: "loading" });
    void more(pages.next);
  };
  return (
    <section class="history" data-state={`history-${pages.state}`}>
      <h1>{t("history.title")}</h1>
      <ul class="matches">
        {pages.matches.map((match) => (
          <MatchLine key={match.id} match={match} />
        ))}
      </ul>
      {pages.state === "ready" && !pages.matches.length && <p>{t("history.none")}</p>}
      {pages.state === "loading" && <p class="patient" role="status">{t("history.loading")}</p>}
      {pages.state === "failed" && <p role="alert">{problemText(pages.code)}</p>}
      {(pages.next || pages.state === "failed") && (
        <button class="button" type="button" aria-disabled={pages.state === "loading"} onClick={retry}>
          {pages.state === "failed" ? t("page.retry") : t("history.more")}
        </button>
      )}
    </section>
  );
}

function MatchLine({ match }: { match: MatchRow }) {
  const seat = seatOf(match.seats, player.value?.id);
  const near = seat === 1 ? 1 : 0;
  const far = near === 0 ? 1 : 0;
  const result = resultOf(match, near);
  return (
    <li>
      <a href={`/history/${match.id}`}>
        <span class="what">
          <strong>{gameName(match.game)}</strong>
          <small>{match.seats[far] ? t("history.against", { name: nameOf(match.seats[far]) }) : t("player.free")}</small>
          <small>{when(match.ended_at ?? match.created_at)}</small>
        </span>
        <span class="score">
          {match.score[near] ?? 0} : {match.score[far] ?? 0}
        </span>
        <span class="result" data-result={result}>
          {t(`history.${result}`)}
        </span>
      </a>
    </li>
  );
}

function resultOf(match: MatchRow, seat: number): "waiting" | "running" | "tied" | "won" | "lost" {
  if (match.status === "waiting") return "waiting";
  if (match.status === "playing") return "running";
  if (match.winner === null) return "tied";
  return match.winner === seat ? "won" : "lost";
}

function when(at: string): string {
  const format = new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(at));
}
