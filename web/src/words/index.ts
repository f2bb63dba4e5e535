/** The language the page speaks, and `t`, which says a text in it. */
import { effect, signal } from "@preact/signals";
import { keep, kept } from "../core/keep.ts";
import { en } from "./en.ts";
import { sl } from "./sl.ts";
import { fill, type Params, type Text } from "./text.ts";

export type Key = keyof typeof en;
export type Language = "en" | "sl";

const CATALOGUES: Record<Language, Record<Key, Text>> = { en, sl };
export const LANGUAGES = Object.keys(CATALOGUES) as Language[];

export const language = signal<Language>(firstLanguage());

effect(() => {
  document.documentElement.lang = language.value;
});

export function speak(chosen: Language): void {
  keep("language", chosen);
  language.value = chosen;
}

/** The language with the reader's own region, for dates and times. */
export function locale(): string {
  return navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value;
}

export function t(key: Key, params: Params = {}): string {
  return fill(CATALOGUES[language.value][key], params, language.value);
}

/** The words for a problem's code; a code we do not know gets words that are true for any. */
export function problemText(code: string): string {
  const key = `code.${code}`;
  return t(isKey(key) ? key : "code.unknown");
}

export function isKey(key: string): key is Key {
  return key in en;
}

export function nameOfLanguage(of: Language): string {
  return CATALOGUES[of]["lang.name"] as string;
}

function firstLanguage(): Language {
  const chosen = kept("language") ?? navigator.languages.find((tag) => /^(en|sl)\b/.test(tag)) ?? "en";
  return chosen.startsWith("sl") ? "sl" : "en";
}
