/** A refusal as the code that words it: it goes with the next wish, and with what it was about, once it could be read. */
import { signal } from "@preact/signals";

const READ_MS = 5_000;

export function createNotice() {
  const code = signal<string | null>(null);
  let saidAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function say(next: string | null): void {
    clearTimeout(timer);
    saidAt = Date.now();
    code.value = next;
  }

  /** The table has moved on; a throw that came too late is refused in the very moment in which it does. */
  function moveOn(): void {
    const unread = saidAt + READ_MS - Date.now();
    clearTimeout(timer);
    if (unread > 0) timer = setTimeout(say, unread, null);
    else code.value = null;
  }

  return { code, say, moveOn, close: () => clearTimeout(timer) };
}
