/** Idempotency keys: one for each wish of a player, quoted on the wire as its draft asks. */

/** A fresh key. `randomUUID` is missing where the page is not served securely, for example on a home network. */
export function freshKey(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function keyed(key: string): string {
  return `"${key}"`;
}
