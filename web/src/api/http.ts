/** One HTTP request: JSON in and out, problems (RFC 9457) as values with a code, silence as `Away`. */
import { keyed } from "./key.ts";
import { learn } from "./time.ts";

const PATIENCE_MS = 10_000; // longer than the longest `Prefer: wait` we ask for

/** The server said no, and why: a code that the catalogue words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfter: number | null,
  ) {
    super(code);
  }
}

/** Nobody answered, or only something in front of the server: worth another try. */
export class Away extends Error {
  constructor(readonly retryAfter: number | null = null) {
    super("away");
  }
}

export interface Ask {
  method?: "GET" | "POST";
  path: string;
  body?: unknown;
  key?: string; // Idempotency-Key: the same for every attempt of one wish
  wait?: number; // seconds the server may take to answer with the result
}

export interface Answer<T> {
  status: number;
  body: T;
  location: string | null;
}

/** Throws `Problem` or `Away`. */
export async function ask<T>(request: Ask): Promise<Answer<T>> {
  const asked = Date.now();
  const response = await reach(request);
  learn(response.headers.get("Date"), asked, Date.now());
  if (!response.ok) throw await problem(response);
  const body = (await json(response)) as T;
  return { status: response.status, body, location: response.headers.get("Location") };
}

/** Why a stream would not open now, which an EventSource does not tell; null when it would. */
export async function refusalOf(path: string): Promise<Problem | Away | null> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), PATIENCE_MS);
  try {
    const response = await fetch(path, { headers: { Accept: "text/event-stream" }, signal: enough.signal });
    return response.ok ? null : await problem(response);
  } catch {
    return new Away();
  } finally {
    clearTimeout(timer);
    enough.abort();
  }
}

async function reach({ method = "GET", path, body, key, wait }: Ask): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (method === "POST") headers.set("Content-Type", "application/json");
  if (key) headers.set("Idempotency-Key", keyed(key));
  if (wait) headers.set("Prefer", `wait=${wait}`);
  try {
    return await fetch(path, {
      method,
      headers,
      body: method === "POST" ? JSON.stringify(body ?? {}) : undefined,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new Away();
  }
}

async function problem(response: Response): Promise<Problem | Away> {
  const retryAfter = seconds(response.headers.get("Retry-After"));
  const said = (await json(response)) as { code?: unknown } | null;
  const code = typeof said?.code === "string" ? said.code : "unknown";
  const silent = response.status >= 502 && response.status <= 504;
  return silent ? new Away(retryAfter) : new Problem(response.status, code, retryAfter);
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null; // no body, or a proxy's page: the status says enough
  }
}

function seconds(text: string | null): number | null {
  const value = Number(text ?? NaN);
  return Number.isFinite(value) ? value : null;
}
