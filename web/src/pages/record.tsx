/** One match as the history has it: every finished round, and each rematch at the same table. */
import { useEffect, useState } from "preact/hooks";
import { readRecord } from "../api/calls.ts";
import { Problem } from "../api/http.ts";
import { player } from "../api/session.ts";
import type { Record, Round } from "../api/types.ts";
import { foldEvents } from "../core/rounds.ts";
import { seatOf } from "../core/seats.ts";
import { Rounds } from "../match/board.tsx";
import { gameName, nameOf } from "../match/names.ts";
import { problemText, t } from "../words/index.ts";

export function RecordPage({ id }: { id: string }) {
  const [record, setRecord] = useState<Record | null>(null);
  const [code, setCode] = useState<string | null>(null);
  useEffect(() => {
    readRecord(id).then(setRecord, (error: unknown) => setCode(error instanceof Problem ? error.code : "unavailable"));
  }, [id]);
  return (
    <section class="history record" data-state={record ? "record-ready" : code ? "record-failed" : "record-loading"}>
      <h1>{t("record.title")}</h1>
      {record ? <Told record={record} /> : code ? <p role="alert">{problemText(code)}</p> : <p class="patient" role="status">{t("record.loading")}</p>}
      <p class="actions">
        <a class="button" href={`/m/${id}`}>
          {t("record.open")}
        </a>
        <a class="button" href="/history">
          {t("record.back")}
        </a>
      </p>
    </section>
  );
}

function Told({ record }: { record: Record }) {
  const { match, events } = record;
  const mine = seatOf(match.seats, player.value?.id);
  const bottom = mine === 1 ? 1 : 0;
  const top = bottom === 0 ? 1 : 0;
  const nameAt = (seat: number) => (seat === mine ? t("player.you") : nameOf(match.seats[seat]));
  return (
    <>
      <p class="lead">
        {gameName(match.game)} · {nameAt(bottom)} {match.score[bottom]} : {match.score[top]} {nameAt(top)}
      </p>
      {record.truncated && <p class="lead">{t("record.truncated")}</p>}
      {foldEvents(events).map((rounds, n) => (
        <Chapter key={n} n={n} rounds={rounds} bottom={bottom} top={top} nameAt={nameAt} />
      ))}
    </>
  );
}

interface ChapterProps {
  n: number;
  rounds: Round[];
  bottom: number;
  top: number;
  nameAt(seat: number): string;
}

function Chapter({ n, rounds, bottom, top, nameAt }: ChapterProps) {
  return (
    <div class="chapter sheet">
      {n > 0 && <h2>{t("record.rematch", { n })}</h2>}
      <p>{rounds.length ? t("history.rounds", { n: rounds.length }) : t("record.none")}</p>
      <div class="pairs">
        <p aria-hidden="true">
          <span data-seat={top}>{nameAt(top)}</span>
          <span data-seat={bottom}>{nameAt(bottom)}</span>
        </p>
        <Rounds rounds={rounds} first={1} bottom={bottom} top={top} nameOf={nameAt} />
      </div>
    </div>
  );
}
