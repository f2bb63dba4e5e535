/** One match as the history has it: every finished round, and each rematch at the same table. */
import { useEffect, useState } from "preact/hooks";
import { readRecord } from "../api/calls.ts";
import { player } from "../api/session.ts";
import type { Record, Round } from "../api/types.ts";
import { foldEvents } from "../core/rounds.ts";
import { otherSeat, seatOf } from "../core/seats.ts";
import { Rounds } from "../match/board.tsx";
import { gameName, nameOf } from "../match/names.ts";
import { t } from "../words/index.ts";
import { Pending, useAsking } from "./asking.tsx";

export function RecordPage({ id }: { id: string }) {
  const [record, setRecord] = useState<Record | null>(null);
  const [asking, ask] = useAsking();
  const read = () => ask(() => readRecord(id), setRecord);
  useEffect(read, [id]);
  return (
    <section class="history record" data-state={`record-${asking.state}`}>
      <h1>{t("record.title")}</h1>
      <Pending asking={asking} words="record.loading" />
      {record && <Told record={record} />}
      <p class="actions">
        {asking.state === "failed" && (
          <button class="button" type="button" onClick={read}>
            {t("page.retry")}
          </button>
        )}
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
  const top = otherSeat(bottom);
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
