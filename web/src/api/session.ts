/** Who is playing: a guest, known by HttpOnly cookies that this code never sees; one tab at a time renews them. */
import { signal } from "@preact/signals";
import { keep, kept } from "../core/keep.ts";
import { ask, Problem, type Answer, type Ask } from "./http.ts";
import type { Player, Session } from "./types.ts";

/** What we remember of the cookies: whose they are and, on our clock, when to renew them. */
interface Marker extends Player {
  renewAt: number;
}

const RENEW_AT = 0.8; // of a token's life
const HEADROOM_MS = 1_000;

export const player = signal<Player | null>(marker());

let timer: ReturnType<typeof setTimeout> | undefined;
let renewing: Promise<Player> | null = null;

/** A player with cookies that still hold, made if need be. */
export async function ready(): Promise<Player> {
  const known = marker();
  if (!known || known.renewAt <= Date.now()) return renew();
  schedule(known);
  return known;
}

/** Renew the cookies now; whoever asks meanwhile waits for the same renewal. */
export function renew(): Promise<Player> {
  renewing ??= alone(renewUnlessDone(marker()?.renewAt)).finally(() => (renewing = null));
  return renewing;
}

/** Ask as the player; a token that ran out is renewed once, and the request repeated as it was. */
export async function askAs<T>(request: Ask): Promise<Answer<T>> {
  await ready();
  try {
    return await ask<T>(request);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    await renew();
    return ask<T>(request);
  }
}

function renewUnlessDone(seen: number | undefined): () => Promise<Player> {
  return async () => {
    const now = marker();
    const done = now && now.renewAt !== seen && now.renewAt > Date.now();
    return done ? accept(now) : await renewedOrGuest();
  };
}

async function renewedOrGuest(): Promise<Player> {
  try {
    const session = (await post("/auth/v1/tokens")).body;
    return remember(session.player ?? marker() ?? (await me()), session.expires_in);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error; // the session may still be good
    return guest();
  }
}

async function guest(): Promise<Player> {
  const { player: made, expires_in } = (await post("/auth/v1/guests")).body;
  if (!made) throw new Problem(500, "unknown", null);
  return remember(made, expires_in);
}

async function me(): Promise<Player> {
  return (await ask<{ player: Player }>({ path: "/auth/v1/me" })).body.player;
}

function post(path: string): Promise<Answer<Session>> {
  return ask<Session>({ method: "POST", path, body: {} });
}

function remember({ id, name }: Player, expiresIn: number): Player {
  const renewAt = Date.now() + Math.max(HEADROOM_MS, expiresIn * 1000 * RENEW_AT);
  keep("session", JSON.stringify({ id, name, renewAt }));
  return accept({ id, name, renewAt });
}

function accept(known: Marker): Player {
  player.value = known;
  schedule(known);
  return known;
}

function schedule(known: Marker): void {
  clearTimeout(timer);
  // A renewal that fails here is no loss: the next request renews, or reports that nobody answers.
  timer = setTimeout(() => void ready().catch(() => undefined), Math.max(HEADROOM_MS, known.renewAt - Date.now()));
}

/** Refresh tokens rotate, so two tabs must not use one at the same time; without locks the server sorts it out. */
async function alone(work: () => Promise<Player>): Promise<Player> {
  return navigator.locks ? navigator.locks.request("playlog-session", work) : work();
}

function marker(): Marker | null {
  try {
    const known = JSON.parse(kept("session") ?? "null") as Partial<Marker> | null;
    return known?.id && known.renewAt ? (known as Marker) : null;
  } catch {
    return null; // not written by us
  }
}
