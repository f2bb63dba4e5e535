/** A browser in miniature for tests of what asks and listens: storage, requests, streams, and time that tests move. */
import { mock } from "node:test";

export type Reply = { status?: number; body?: unknown; headers?: Record<string, string> };
export type Server = (method: string, path: string, body: unknown) => Reply | Promise<Reply>;

let server: Server = () => ({ status: 404 });

/** Every request from now on is answered by `answer`; one that throws stands for a network that is away. */
export function serve(answer: Server): void {
  server = answer;
}

export class Stream {
  static all: Stream[] = [];
  static readonly CLOSED = 2;
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  private listeners: Record<string, (event: { data: string }) => void> = {};

  constructor(readonly url: string) {
    Stream.all.push(this);
  }

  static get newest(): Stream {
    return Stream.all.at(-1)!;
  }

  addEventListener(name: string, listener: (event: { data: string }) => void): void {
    this.listeners[name] = listener;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  tells(name: string, data: unknown = {}): void {
    this.listeners[name]?.({ data: JSON.stringify(data) });
  }

  /** The browser gives up, as after an answer that is no stream. */
  isRefused(): void {
    this.readyState = Stream.CLOSED;
    this.onerror?.();
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }
}

class Box {
  private kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
  clear = () => this.kept.clear();
}

async function answer(path: string, request: RequestInit = {}): Promise<Response> {
  const sent = typeof request.body === "string" ? (JSON.parse(request.body) as unknown) : null;
  const { status = 200, body, headers } = await server(request.method ?? "GET", path, sent);
  return new Response(JSON.stringify(body ?? {}), { status, headers });
}

const heard = new EventTarget();
const network = { onLine: true, languages: ["en"] };

/** As the browser tells pages, rightly or not. */
export function goOnline(onLine: boolean): void {
  network.onLine = onLine;
  heard.dispatchEvent(new Event(onLine ? "online" : "offline"));
}

const parts = {
  localStorage: new Box(),
  sessionStorage: new Box(),
  navigator: network,
  location: { pathname: "/", origin: "http://localhost" },
  history: { pushState: () => undefined },
  scrollTo: () => undefined,
  document: { hidden: false, title: "", documentElement: {}, querySelector: () => null, addEventListener: () => 0, removeEventListener: () => 0 },
  addEventListener: heard.addEventListener.bind(heard),
  removeEventListener: heard.removeEventListener.bind(heard),
  EventSource: Stream,
  fetch: answer,
};
for (const [name, value] of Object.entries(parts)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** An empty browser and a clock that only `pass` moves. */
export function begin(): void {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.parse("2026-11-21T10:00:00Z") });
  parts.localStorage.clear();
  parts.sessionStorage.clear();
  network.onLine = true;
  Stream.all = [];
}

/** Let this much time pass, and all that follows from it happen. */
export async function pass(ms: number): Promise<void> {
  const step = 50;
  for (let gone = 0; gone < ms; gone += step) {
    await drain();
    mock.timers.tick(Math.min(step, ms - gone));
  }
  await drain();
}

async function drain(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
}
