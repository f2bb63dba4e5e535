/** The games a player can choose, their shapes in the order of the language, and their first options. */
import type { Game, Options, Shape } from "../api/types.ts";

export const GAMES: readonly Game[] = ["rps", "rpsfw"];
export const BEST_OF: Record<Game, Options["best_of"]> = { rps: 7, rpsfw: 15 };

const ELEMENTS: readonly Shape[] = ["fire", "water"];
const HANDS: Record<string, readonly Shape[]> = {
  sl: ["rock", "scissors", "paper"],
  en: ["rock", "paper", "scissors"],
};

/** The shapes of a game in the order its name says them, which is also the order of the keys 1-5. */
export function shapesOf(game: string, language: string): readonly Shape[] {
  const hands = HANDS[language] ?? HANDS.en!;
  return game === "rpsfw" ? [...hands, ...ELEMENTS] : hands;
}

/** The shape that a pressed key means, if any. */
export function shapeForKey(key: string, shapes: readonly Shape[]): Shape | undefined {
  return /^[1-9]$/.test(key) ? shapes[Number(key) - 1] : undefined;
}

/** How many rounds must be won so that nobody can catch up. */
export function roundsToWin(bestOf: number): number {
  return Math.floor(bestOf / 2) + 1;
}

export function isShape(value: unknown): value is Shape {
  return typeof value === "string" && ["rock", "paper", "scissors", "fire", "water"].includes(value);
}
