/** The shapes within reach of the thumbs, and what can be done when the match is over. */
import type { View } from "../api/types.ts";
import { shapesOf } from "../core/games.ts";
import type { Picture } from "../core/screen.ts";
import { go } from "../router.ts";
import { useHeldFocus } from "../ui/focus.ts";
import { HandButton } from "../ui/hand.tsx";
import { Icon } from "../ui/icons.tsx";
import { share } from "../ui/share.ts";
import { keysOn } from "../ui/shortcuts.ts";
import { ShapeDrawing } from "../ui/shapes.tsx";
import { language, t } from "../words/index.ts";
import { timeLeft } from "./clock.tsx";
import { gameName, nameOf, shapeName } from "./names.ts";
import type { Table } from "./table.ts";

interface Props {
  table: Table;
  view: View;
  picture: Picture;
}

function Shapes({ table, view, picture }: Props) {
  const closed = view.status !== "playing" || picture.chosen !== null;
  return (
    <div class="shapes">
      {shapesOf(view.game, language.value).map((shape, index) => (
        <button
          key={shape}
          type="button"
          class="throw"
          data-shape={shape}
          data-seat={picture.bottom}
          aria-pressed={picture.chosen === shape}
          aria-disabled={closed}
          aria-keyshortcuts={keysOn.value ? String(index + 1) : undefined}
          onClick={() => table.throwShape(shape)}
        >
          <ShapeDrawing shape={shape} />
          <span>{shapeName(shape)}</span>
          {keysOn.value && <kbd aria-hidden="true">{index + 1}</kbd>}
        </button>
      ))}
    </div>
  );
}

/** The shapes, or what can be done next; whoever is in here by keyboard stays in here when one takes the other's place. */
export function Dock(props: Props) {
  const { table, view, picture } = props;
  const over = picture.state === "over" || picture.state === "spectator-over";
  const open = over && rematchOpen(table, view);
  const box = useHeldFocus<HTMLDivElement>();
  if (!over && view.you === null) return null;
  return (
    <div ref={box} class="dock" role="group" aria-label={t(over ? "over.next" : "match.shapes")} tabIndex={-1}>
      {over ? <OverActions {...props} open={open} /> : <Shapes {...props} />}
    </div>
  );
}

function OverActions({ table, view, picture, open }: Props & { open: boolean }) {
  return (
    <div class="after">
      {open && <Rematch table={table} view={view} picture={picture} />}
      <div class="actions">
        <button class="button" type="button" onClick={() => go("/")}>
          {t("over.new")}
        </button>
        {view.you !== null && <ShareResult view={view} picture={picture} />}
      </div>
      <a class="link" href={`/history/${view.id}`}>
        {t("over.record")}
      </a>
    </div>
  );
}

/** Only while both could still agree. */
export function rematchOpen(table: Table, view: View): boolean {
  return view.you !== null && view.status === "ended" && !table.ended.value && (timeLeft(view.deadline) ?? 0) > 0;
}

function Rematch({ table, view, picture }: Props) {
  const name = nameOf(view.seats[picture.top]);
  const asked = view.rematch[picture.bottom] || table.busy.value === "rematch";
  const wanted = view.rematch[picture.top];
  return (
    <div class="rematch">
      <p role="status">{asked ? t("over.rematch.asked", { name }) : wanted ? t("over.rematch.wanted", { name }) : ""}</p>
      <button class="button primary" type="button" aria-disabled={asked} aria-keyshortcuts="Enter" onClick={() => void (asked || table.rematch())}>
        <Icon name="again" />
        {wanted && !asked ? t("over.rematch.accept") : t("over.rematch")}
      </button>
    </div>
  );
}

function ShareResult({ view, picture }: Omit<Props, "table">) {
  const result = view.winner === null ? "tied" : view.winner === view.you ? "won" : "lost";
  const score = `${view.score[picture.bottom]} : ${view.score[picture.top]}`;
  const text = t(`over.text.${result}`, { game: gameName(view.game), score });
  const hand = () => share(text, location.origin);
  return <HandButton icon="share" label={t("over.share")} text={text} hand={hand} />;
}
