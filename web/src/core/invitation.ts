/** Codes and links of matches: what a player pastes, and what a player sends. */

const CODE = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** The match that a pasted code, link or whole message names; null where there is none. */
export function matchIn(text: string): string | null {
  return CODE.exec(text)?.[0].toLowerCase() ?? null;
}

export function linkTo(origin: string, match: string): string {
  return `${origin}/m/${match}`;
}
