/** The page of one match, from its newest view: waiting, playing, over, or a plain message. */
import { useEffect, useState } from "preact/hooks";
import type { View } from "../api/types.ts";
import type { Picture, State } from "../core/screen.ts";
import { go } from "../router.ts";
import { useHeldFocus } from "../ui/focus.ts";
import { Icon } from "../ui/icons.tsx";
import { EmptyTable } from "../ui/shapes.tsx";
import { useTitle } from "../ui/title.ts";
import { problemText, t } from "../words/index.ts";
import { Board, RoundCaption, RoundStrip } from "./board.tsx";
import { ClockDigits, useTicking } from "./clock.tsx";
import { takeMade } from "./create.ts";
import { Dock } from "./dock.tsx";
import { Felt } from "./felt.tsx";
import { useKeys } from "./keys.ts";
import { asking, leave, LeaveDialog } from "./leave.tsx";
import { saidAt, stateOf } from "./said.ts";
import type { Said } from "./say.ts";
import { openTable, type Table } from "./table.ts";
import { Waiting } from "./waiting.tsx";

const PATIENT: State[] = ["loading", "joining"];
const FINAL: State[] = ["not-found", "failed", "expired"];
const PLAIN: State[] = [...PATIENT, ...FINAL, "away"];

export function MatchPage({ id }: { id: string }) {
  const [table] = useState(() => openTable(id, takeMade(id)));
  useEffect(() => table.close, [table]);
  useKeys(table);
  useTicking();
  const view = table.view.value;
  const picture = table.picture.value;
  const state = stateOf(table);
  const said = saidAt(table, state);
  const box = useHeldFocus<HTMLElement>();
  useTitle(said.head);
  return (
    <section
      ref={box}
      tabIndex={-1}
      class="match"
      data-state={state}
      data-result={picture?.result ?? "none"}
      data-phase={table.phase.value}
      data-link={table.link.value}
      data-version={view?.version ?? 0}
    >
      <LinkNote table={table} state={state} />
      <Announced said={said} />
      {view && picture && !PLAIN.includes(state) ? <Seated table={table} view={view} picture={picture} said={said} /> : <Message state={state} said={said} />}
      {asking.value && <LeaveDialog table={table} />}
    </section>
  );
}

/** Screen readers speak what changes in a status, not one that comes with its words: so one stays through all states. */
function Announced({ said }: { said: Said }) {
  return (
    <div class="hidden" role="status" aria-live="polite" aria-atomic="true">
      <p>{said.head}</p>
      <p>{said.more}</p>
    </div>
  );
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

/** States that are only words. */
function Message({ state, said }: { state: State; said: Said }) {
  const patient = PATIENT.includes(state); // shown only when it takes longer than a blink
  return (
    <div class={patient ? "message patient" : "message"}>
      <EmptyTable />
      <h1>{said.head}</h1>
      {said.more && <p>{said.more}</p>}
      {FINAL.includes(state) && (
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
  said: Said;
}

function Seated(props: Props) {
  const { state } = props.picture;
  if (state === "waiting") return <Waiting view={props.view} />;
  if (state === "free") return <FreeSeat table={props.table} said={props.said} />;
  return <Play {...props} />;
}

function FreeSeat({ table, said }: { table: Table; said: Said }) {
  const code = table.notice.value;
  return (
    <div class="message">
      <EmptyTable />
      <h1>{said.head}</h1>
      <p role="alert">{code ? problemText(code) : ""}</p>
      <button class="button primary" type="button" onClick={() => void table.sit()}>
        {t("start.sit")}
      </button>
    </div>
  );
}

function Play(props: Props) {
  const { table, view, picture } = props;
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
      <Dock table={table} view={view} picture={picture} />
    </div>
  );
}

function Saying({ table, said }: Props) {
  const code = table.notice.value;
  return (
    <div class="saying" data-tone={said.tone}>
      <h1>{said.head}</h1>
      <p>{said.more}</p>
      <p class="refusal" role="alert">
        {code ? problemText(code) : ""}
      </p>
    </div>
  );
}
