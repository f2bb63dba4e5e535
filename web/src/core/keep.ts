/** What this browser remembers, where it allows that at all; a private window that refuses is no error. */

const PREFIX = "playlog.";

export function kept(name: string, store: "local" | "session" = "local"): string | null {
  try {
    return box(store).getItem(PREFIX + name);
  } catch {
    return null; // storage is switched off: we remember nothing, everything else works
  }
}

/** Null forgets. */
export function keep(name: string, value: string | null, store: "local" | "session" = "local"): void {
  try {
    if (value === null) box(store).removeItem(PREFIX + name);
    else box(store).setItem(PREFIX + name, value);
  } catch {
    // storage is switched off or full: a reload will not remember this
  }
}

function box(store: "local" | "session"): Storage {
  return store === "local" ? localStorage : sessionStorage;
}
