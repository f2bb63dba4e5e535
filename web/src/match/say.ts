/** What the page says about the picture: one line, one more, and the words for the round that was revealed. */
import type { View } from "../api/types.ts";
import { finished, lastRound, missesInARow } from "../core/rounds.ts";
import type { Picture } from "../core/screen.ts";
import { otherSeat } from "../core/seats.ts";
import { t } from "../words/index.ts";
import { beats, isComputer, nameAt, nameOf, shapeName } from "./names.ts";

export interface Said {
  head: string;
  more: string;
  tone: "won" | "lost" | "plain";
}

export const plain = (head: string, more = ""): Said => ({ head, more, tone: "plain" });

/** `silent`: the rival's time is nearly over; `away`: the network is there, the server is not. */
export function say(view: View, picture: Picture, silent: boolean, away: boolean): Said {
  const name = nameOf(view.seats[picture.top]);
  switch (picture.state) {
    case "turn":
      return sayTurn(view, picture, name);
    case "sending":
      return plain(t("say.sending"), youThrew(picture));
    case "offline":
      return plain(t(away ? "say.away" : "say.offline"), t("say.offline.more", { shape: shapeName(picture.chosen) }));
    case "thrown":
      if (silent) return plain(t("say.silent", { name }), t("say.silent.more"));
      return plain(t("say.thrown", { name }), youThrew(picture));
    case "reveal":
      return plain(t("say.reveal"));
    case "over":
    case "spectator-over":
      return sayOver(view, picture);
    case "spectator":
      return saySpectator(view, picture);
    default:
      return plain("");
  }
}

function youThrew(picture: Picture): string {
  return picture.chosen ? t("say.thrown.you", { shape: shapeName(picture.chosen).toLowerCase() }) : "";
}

/** On turn: first how the last round went, if one lies on the table, and what to do now. */
function sayTurn(view: View, picture: Picture, name: string): Said {
  const waits = view.moved[picture.top] && !isComputer(view.seats[picture.top]) && t("say.turn.rivalThrown", { name });
  if (!picture.result) return plain(t("say.turn"), waits || t("say.turn.first", { name }));
  const next = waits || t("say.turn.next", { n: finished(view) + 1 });
  const misses = missesInARow(view, picture.bottom);
  const more = misses === 2 ? t("say.missed.warn") : `${reason(view, picture)} ${next}`;
  if (picture.result === "tied") return plain(t("say.tied"), more);
  const head = picture.result === "won" ? t("say.won") : t("say.lost", { name });
  return { head, more, tone: picture.result };
}

/** Why the round on the table ended as it did, as a whole sentence. */
function reason(view: View, picture: Picture): string {
  const round = lastRound(view);
  if (!round) return "";
  const [near, far] = [round.moves[picture.bottom] ?? null, round.moves[picture.top] ?? null];
  const name = nameAt(view, picture.top);
  if (near === null && far === null) return t("say.missed.both");
  if (near === null) return view.you === null ? t("say.missed.rival", { name: nameAt(view, picture.bottom) }) : t("say.missed.you");
  if (far === null) return t("say.missed.rival", { name });
  if (round.winner === null) return t("say.tied.more");
  const sentence = round.winner === picture.bottom ? beats(near, far) : beats(far, near);
  return sentence && `${sentence}.`;
}

function sayOver(view: View, picture: Picture): Said {
  const { winner } = view;
  if (winner === null) return plain(t("say.over.tied"), why(view, picture));
  if (winner === view.you) return { head: t("say.over.won"), more: why(view, picture), tone: "won" };
  const head = t("say.over.lost", { name: nameAt(view, winner) });
  return { head, more: why(view, picture), tone: view.you === null ? "plain" : "lost" };
}

function why(view: View, picture: Picture): string {
  if (view.ended_by === "time") return t("say.over.time");
  if (view.ended_by === "score") return reason(view, picture);
  const loser = otherSeat(view.winner ?? 0);
  if (loser === view.you) return t("say.over.resigned.you");
  return t("say.over.resigned.rival", { name: nameAt(view, loser) });
}

function saySpectator(view: View, picture: Picture): Said {
  const round = lastRound(view);
  if (!round || view.moved.some(Boolean)) return plain(t("say.spectator"), t("say.spectator.more"));
  const head = round.winner === null ? t("say.tied") : t("say.round.takes", { name: nameAt(view, round.winner) });
  return plain(head, reason(view, picture));
}
