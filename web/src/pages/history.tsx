/** The player's own matches, newest first, as PostgreSQL has them. */
import { useEffect, useState } from "preact/hooks";
import { listMatches } from "../api/calls.ts";
import { player, ready } from "../api/session.ts";
import type { MatchRow } from "../api/types.ts";
import { otherSeat, seatOf } from "../core/seats.ts";
import { gameName, nameOf } from "../match/names.ts";
import { locale, t } from "../words/index.ts";
import { Pending, useAsking } from "./asking.tsx";

interface Pages {
  matches: MatchRow[];
  next: string | null;
}

export function HistoryPage() {
  const [{ matches, next }, setPages] = useState<Pages>({ matches: [], next: null });
  const [asking, ask] = useAsking();
  const waiting = asking.state === "loading" || asking.state === "slow";
  const failed = asking.state === "failed";
  function more(): void {
    ask(
      async () => listMatches((await ready()).id, next),
      (page) => setPages((old) => ({ matches: [...old.matches, ...page.matches], next: page.next })),
    );
  }
  useEffect(more, []);
  return (
    <section class="history" data-state={`history-${asking.state}`}>
      <h1>{t("history.title")}</h1>
      <ul class="matches">
        {matches.map((match) => (
          <MatchLine key={match.id} match={match} />
        ))}
      </ul>
      {asking.state === "ready" && !matches.length && <p>{t("history.none")}</p>}
      <Pending asking={asking} words="history.loading" />
      {(next || failed) && (
        <button class="button" type="button" aria-disabled={waiting} onClick={() => waiting || more()}>
          {failed ? t("page.retry") : t("history.more")}
        </button>
      )}
    </section>
  );
}

function MatchLine({ match }: { match: MatchRow }) {
  const seat = seatOf(match.seats, player.value?.id);
  const near = seat === 1 ? 1 : 0;
  const far = otherSeat(near);
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
