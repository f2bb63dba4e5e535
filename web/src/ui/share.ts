/** Handing a text to another person: the system's share sheet where there is one, else the clipboard. */

export const canShare = typeof navigator.share === "function";

/** True when the text was handed over or copied; false when the browser refused or the player thought better of it. */
export async function share(text: string, url: string): Promise<boolean> {
  if (!canShare) return copy(`${text} ${url}`);
  return navigator.share({ text, url }).then(
    () => true,
    () => false,
  );
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text); // no clipboard where the page is not served securely
  }
}

function copyOldWay(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
