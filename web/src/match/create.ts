/** Setting a new table: one wish, one key, repeated while the server is silent, then straight to the match. */
import { batch, signal } from "@preact/signals";
import { insist } from "../api/again.ts";
import { createMatch } from "../api/calls.ts";
import { Away, Problem } from "../api/http.ts";
import { freshKey } from "../api/key.ts";
import type { Game, Options, View } from "../api/types.ts";
import { keep } from "../core/keep.ts";
import { go } from "../router.ts";

const TRIES = 8; // about half a minute

export const setting = signal(false);
export const insisting = signal(false);
export const problem = signal<string | null>(null);

let made: View | null = null;

/** The first view of a match just made here, so that its page need not ask for it; once, as it is soon out of date. */
export function takeMade(id: string): View | null {
  const view = made;
  made = null;
  return view?.id === id ? view : null;
}

export async function newMatch(game: Game, options: Options): Promise<void> {
  if (setting.value) return;
  begin();
  try {
    const { id, view } = await create(game, options, freshKey());
    made = view;
    keep(`made.${id}`, "yes", "session");
    go(`/m/${id}`);
  } catch (error) {
    problem.value = error instanceof Problem ? error.code : "unavailable";
  } finally {
    batch(() => (setting.value = insisting.value = false));
  }
}

function begin(): void {
  batch(() => {
    setting.value = true;
    problem.value = null;
  });
}

function create(game: Game, options: Options, key: string): ReturnType<typeof createMatch> {
  const ask = () => createMatch(game, options, key).catch(noteSilence);
  return insist(ask, (error, attempt) => error instanceof Away && attempt < TRIES);
}

function noteSilence(error: unknown): never {
  insisting.value = error instanceof Away;
  throw error;
}
