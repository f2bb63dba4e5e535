/** What players, games and shapes are called in the player's language. */
import type { Seated, View } from "../api/types.ts";
import { isKey, t } from "../words/index.ts";

const COMPUTER = "computer";

/** The computer has always thrown already; nobody needs to be told. */
export function isComputer(seated: Seated | null | undefined): boolean {
  return seated?.player === COMPUTER;
}

export function nameOf(seated: Seated | null | undefined): string {
  if (!seated) return t("player.free");
  if (isComputer(seated)) return t("player.computer");
  return seated.name || t("player.guest");
}

export function nameAt(view: View, seat: number): string {
  return view.you === seat ? t("player.you") : nameOf(view.seats[seat]);
}

export function gameName(game: string): string {
  const key = `game.${game}`;
  return t(isKey(key) ? key : "game.other");
}

export function shapeName(shape: string | null | undefined): string {
  const key = `shape.${shape}`;
  return t(isKey(key) ? key : "shape.none");
}

/** Why one shape wins over another, as a sentence; empty where nothing was beaten. */
export function beats(winner: string | null | undefined, loser: string | null | undefined): string {
  const key = `beats.${winner}.${loser}`;
  return isKey(key) ? t(key) : "";
}
