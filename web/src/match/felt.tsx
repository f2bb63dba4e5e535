/** The table from above: what each seat has thrown, face down, turned over, or lying over the other. */
import type { View } from "../api/types.ts";
import { finished } from "../core/rounds.ts";
import type { Picture, Token } from "../core/screen.ts";
import { ShapeDrawing } from "../ui/shapes.tsx";
import { t } from "../words/index.ts";
import { ClockRing } from "./clock.tsx";
import { nameAt, shapeName } from "./names.ts";
import type { Phase } from "./reveal.ts";

interface Props {
  view: View;
  picture: Picture;
  phase: Phase;
}

export function Felt({ view, picture, phase }: Props) {
  const settled = phase === "still" || phase === "settle";
  // The round on the table names its tokens: they turn over in place, and a new round brings new ones.
  const round = picture.result ? finished(view) : finished(view) + 1;
  const place = (mine: "won" | "lost") => (settled && picture.result && picture.result !== "tied" ? over(picture.result === mine) : "level");
  return (
    <div class="felt" role="group" aria-label={t("match.table")}>
      <ClockRing view={view} />
      <Disc key={`far${round}`} side="far" seat={picture.top} token={beat(picture.far, phase)} place={place("lost")} view={view} />
      <Disc key={`near${round}`} side="near" seat={picture.bottom} token={beat(picture.near, phase)} place={place("won")} view={view} />
    </div>
  );
}

const over = (winner: boolean) => (winner ? "over" : "under");

/** In the reveal's first beat both still lie face down. */
function beat(token: Token, phase: Phase): Token {
  return phase === "land" && token.kind === "up" ? { kind: "down" } : token;
}

interface DiscProps {
  side: "near" | "far";
  seat: number;
  token: Token;
  place: "over" | "under" | "level";
  view: View;
}

function Disc({ side, seat, token, place, view }: DiscProps) {
  const shape = token.kind === "up" ? token.shape : null;
  return (
    <div class="disc" data-side={side} data-seat={seat} data-kind={token.kind} data-place={place}>
      {token.kind === "empty" ? null : token.kind === "missed" ? (
        <span class="missed">{t("shape.none")}</span>
      ) : (
        <div class="coin" role="img" aria-label={spoken(view, seat, shape)}>
          <div class="face back">
            <Back />
          </div>
          <div class="face front">{shape && <ShapeDrawing shape={shape} />}</div>
        </div>
      )}
    </div>
  );
}

function spoken(view: View, seat: number, shape: string | null): string {
  return `${nameAt(view, seat)}: ${shape ? shapeName(shape) : t("player.thrown")}`;
}

/** The pattern of a throw that lies face down. */
function Back() {
  return (
    <svg viewBox="0 0 64 64" aria-hidden="true">
      <circle cx="32" cy="32" r="22" />
      <path d="M16.5 47.5 47.5 16.5M22 52 52 22M12 42 42 12" />
    </svg>
  );
}
