/** Who plays, the score, and the rounds so far. */
import type { Round, View } from "../api/types.ts";
import { roundsToWin } from "../core/games.ts";
import { finished, firstRound, lastRound } from "../core/rounds.ts";
import type { Picture } from "../core/screen.ts";
import { ShapeDrawing } from "../ui/shapes.tsx";
import { t } from "../words/index.ts";
import { nameAt, shapeName } from "./names.ts";

interface Props {
  view: View;
  picture: Picture;
}

export function Board({ view, picture }: Props) {
  const { bottom, top } = picture;
  const score = shownScore(view, picture);
  return (
    <div class="board">
      <Player view={view} picture={picture} seat={bottom} />
      <p class="score" aria-label={t("match.score", { a: score[bottom] ?? 0, b: score[top] ?? 0 })} role="img">
        <span key={`n${score[bottom]}`}>{score[bottom]}</span>
        <i>:</i>
        <span key={`f${score[top]}`}>{score[top]}</span>
      </p>
      <Player view={view} picture={picture} seat={top} />
    </div>
  );
}

function Player({ view, picture, seat }: Props & { seat: number }) {
  return (
    <div class="player" data-seat={seat}>
      <strong>{nameAt(view, seat)}</strong>
      <small>{doing(view, picture, seat)}</small>
    </div>
  );
}

function doing(view: View, picture: Picture, seat: number): string {
  if (view.status !== "playing" || picture.state === "reveal" || seat === view.you) return "";
  return view.moved[seat] ? t("player.thrown") : t("player.thinking");
}

/** A score ticks only when the hands have been seen. */
function shownScore(view: View, picture: Picture): number[] {
  const winner = lastRound(view)?.winner;
  if (picture.state !== "reveal" || winner == null) return view.score;
  return view.score.map((points, seat) => points - (seat === winner ? 1 : 0));
}

/** "Round 3 · first to 4" */
export function RoundCaption({ view, picture }: Props) {
  const n = finished(view) + (view.status === "playing" && picture.state !== "reveal" ? 1 : 0);
  return (
    <p class="caption">
      <span>{t("match.round", { n: Math.max(1, n) })}</span>
      <span> · {t("match.firstTo", { n: roundsToWin(view.options.best_of) })}</span>
    </p>
  );
}

export function RoundStrip({ view, picture }: Props) {
  const shown = picture.state === "reveal" ? view.rounds.slice(0, -1) : view.rounds;
  return <Rounds rounds={shown} first={firstRound(view)} bottom={picture.bottom} top={picture.top} nameOf={(seat) => nameAt(view, seat)} />;
}

interface RoundsProps {
  rounds: readonly Round[];
  first: number;
  bottom: number;
  top: number;
  nameOf(seat: number): string;
}

/** Finished rounds as a row of pairs: the near seat's shape below, the winner's underlined by its colour. */
export function Rounds({ rounds, first, bottom, top, nameOf }: RoundsProps) {
  return (
    <ol class="rounds" aria-label={t("match.rounds")} tabIndex={rounds.length ? 0 : undefined}>
      {rounds.map((round, index) => (
        <li key={first + index} aria-label={spoken(round, first + index, nameOf)}>
          <Half round={round} seat={top} />
          <Half round={round} seat={bottom} />
        </li>
      ))}
    </ol>
  );
}

function Half({ round, seat }: { round: Round; seat: number }) {
  const shape = round.moves[seat];
  return (
    <span class="half" data-seat={seat} data-won={round.winner === seat} aria-hidden="true">
      {shape ? <ShapeDrawing shape={shape as "rock"} /> : <span class="none">–</span>}
    </span>
  );
}

function spoken(round: Round, n: number, nameOf: (seat: number) => string): string {
  const moves = round.moves.map((shape, seat) => `${nameOf(seat)}: ${shapeName(shape)}`).join(", ");
  const end = round.winner === null ? t("record.tie") : `${t("record.winner")}: ${nameOf(round.winner)}`;
  return `${t("match.round", { n })}. ${moves}. ${end}`;
}
