/** The address as a signal, and moving between addresses without loading the page anew. */
import { signal } from "@preact/signals";

export type Place =
  | { page: "start" }
  | { page: "match"; id: string }
  | { page: "history" }
  | { page: "record"; id: string }
  | { page: "nowhere" };

export const place = signal<Place>(placeOf(location.pathname));

export function go(path: string): void {
  if (path !== location.pathname) history.pushState(null, "", path);
  place.value = placeOf(path);
  scrollTo(0, 0);
  focusPage();
}

/** What a screen reader reads next, and where the Tab key goes on from. */
function focusPage(): void {
  document.querySelector("main")?.focus({ preventScroll: true });
}

/** For links: a plain click stays in this document, anything else (new tab, ...) is the browser's. */
export function followLink(event: MouseEvent): void {
  const anchor = (event.target as Element).closest?.("a");
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!anchor || !plain || anchor.target || anchor.origin !== location.origin) return;
  event.preventDefault();
  go(anchor.pathname);
}

/** Ids are taken in any case: some programs capitalise what is pasted into them. */
export function placeOf(path: string): Place {
  const [first, second, ...more] = path.toLowerCase().split("/").filter(Boolean);
  if (more.length) return { page: "nowhere" };
  if (first === undefined) return { page: "start" };
  if (first === "m" && second) return { page: "match", id: second };
  if (first === "history") return second ? { page: "record", id: second } : { page: "history" };
  return { page: "nowhere" };
}

addEventListener("popstate", () => {
  place.value = placeOf(location.pathname);
  focusPage();
});
