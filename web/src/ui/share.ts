/** Handing a text to another person: the system's share sheet where there is one, else the clipboard. */

export const canShare = typeof navigator.share === "function";

export type Handed = "shared" | "copied" | "dismissed" | "failed";

/** What the share sheet refuses is copied instead, but not what a player thought better of. */
export async function share(text: string, url: string): Promise<Handed> {
  if (!canShare) return copy(`${text} ${url}`);
  try {
    await navigator.share({ text, url });
    return "shared";
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? "dismissed" : copy(`${text} ${url}`);
  }
}

export async function copy(text: string): Promise<Handed> {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    return copyOldWay(text) ? "copied" : "failed"; // no clipboard where the page is not served securely
  }
}

function copyOldWay(text: string): boolean {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
