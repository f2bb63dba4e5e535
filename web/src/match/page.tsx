/** The page of one match, from its newest view: waiting, playing, over, or a plain message. */
import { useEffect, useState } from "preact/hooks";
import type { View } from "../api/types.ts";
import type { Picture, State } from "../core/screen.ts";
import { go } from "../router.ts";
import { Icon } from "../ui/icons.tsx";
import { EmptyTable } from "../ui/shapes.tsx";
import { problemText, t, type Key } from "../words/index.ts";
import { Board, RoundCaption, RoundStrip } from "./board.tsx";
import { ClockDigits, nearlyOver, useTicking } from "./clock.tsx";
import { takeMade } from "./create.ts";
import { OverActions, Shapes } from "./dock.tsx";
import { Felt } from "./felt.tsx";
import { useKeys } from "./keys.ts";
import { asking, leave, LeaveDialog } from "./leave.tsx";
import { gameName } from "./names.ts";
import { say } from "./say.ts";
import { openTable, type Table } from "./table.ts";
import { Waiting } from "./waiting.tsx";

export function MatchPage({ id }: { id: string }) {
  const [table] = useState(() => openTable(id, takeMade(id)));
  useEffect(() => table.close, [table]);
  useKeys(table);
  useTicking();
  const view = table.view.value;
  const picture = table.picture.value;
  const state = stateOf(table);
  return (
    <section
      class="match"
      data-state={state}
      data-result={picture?.result ?? "none"}
      data-phase={table.phase.value}
      data-link={table.link.value}
      data-version={view?.version ?? 0}
    >
      <LinkNote table={table} state={state} />
      {view && picture ? <Seated table={table} view={view} picture={picture} /> : <NoView state={state} code={table.missing.value ?? "unknown"} />}
      {asking.value && <LeaveDialog table={table} />}
    </section>
  );
}

function stateOf(table: Table): State {
  if (table.missing.value) return table.missing.value === "unknown_match" ? "not-found" : "failed";
  if (table.picture.value) return table.picture.value.state;
  return table.link.value === "ok" ? "loading" : "away";
}

/** The connection, where it is not as it should be; the state `offline` says it in its own words. */
function LinkNote({ table, state }: { table: Table; state: State }) {
  return (
    <p class="connection" role="status">
      {state === "offline" || state === "away" ? "" : linkWords(table)}
    </p>
  );
}

function linkWords(table: Table): string {
  const link = table.link.value;
  if (link !== "ok") return t(`link.${link}`);
  return table.slow.value ? problemText(table.slow.value) : "";
}

function NoView({ state, code }: { state: State; code: string }) {
  if (state === "not-found") return <Message head="say.notFound" more={t("say.notFound.more")} start />;
  if (state === "failed") return <Message head="say.failed" more={problemText(code)} start />;
  if (state === "away") return <Message head="say.away" more={t("say.away.more")} />;
  return <Message head="say.loading" patient />;
}

interface MessageProps {
  head: Key;
  more?: string;
  start?: boolean;
  patient?: boolean; // shown only when it takes longer than a blink
}

function Message({ head, more, start, patient }: MessageProps) {
  return (
    <div class={patient ? "message patient" : "message"} role="status">
      <EmptyTable />
      <h1>{t(head)}</h1>
      {more && <p>{more}</p>}
      {start && (
        <button class="button primary" type="button" onClick={() => go("/")}>
          {t("page.start")}
        </button>
      )}
    </div>
  );
}

interface Props {
  table: Table;
  view: View;
  picture: Picture;
}

function Seated(props: Props) {
  const { state } = props.picture;
  if (state === "waiting") return <Waiting view={props.view} />;
  if (state === "joining") return <Message head="say.joining" patient />;
  if (state === "free") return <FreeSeat table={props.table} />;
  if (state === "expired") return <Message head="say.expired" more={t("say.expired.more")} start />;
  return <Play {...props} />;
}

function FreeSeat({ table }: { table: Table }) {
  const code = table.notice.value;
  return (
    <div class="message">
      <EmptyTable />
      <h1>{t("say.free")}</h1>
      <p role="alert">{code ? problemText(code) : ""}</p>
      <button class="button primary" type="button" onClick={() => void table.sit()}>
        {t("start.sit")}
      </button>
    </div>
  );
}

function Play(props: Props) {
  const { table, view, picture } = props;
  const over = picture.state === "over" || picture.state === "spectator-over";
  return (
    <div class="play">
      <div class="top">
        <button class="quiet" type="button" aria-label={t("match.leave")} aria-keyshortcuts="Escape" onClick={() => leave(table)}>
          <Icon name="back" />
        </button>
        <RoundCaption view={view} picture={picture} />
        <ClockDigits view={view} />
      </div>
      <Board view={view} picture={picture} />
      <Felt view={view} picture={picture} phase={table.phase.value} />
      <Saying {...props} />
      <RoundStrip view={view} picture={picture} />
      <div class="dock">
        {over ? <OverActions {...props} /> : view.you !== null ? <Shapes {...props} /> : null}
      </div>
    </div>
  );
}

function Saying({ table, view, picture }: Props) {
  const said = say(view, picture, picture.state === "thrown" && nearlyOver(view), table.link.value === "away");
  const code = table.notice.value;
  useEffect(() => {
    document.title = `${said.head || gameName(view.game)} – Playlog`;
  }, [said.head, view.game]);
  return (
    <div class="saying" data-tone={said.tone}>
      <div role="status" aria-live="polite" aria-atomic="true">
        <h1>{said.head}</h1>
        <p>{said.more}</p>
      </div>
      <p class="refusal" role="alert">
        {code ? problemText(code) : ""}
      </p>
    </div>
  );
}
