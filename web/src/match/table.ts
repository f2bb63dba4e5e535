/** The store of one match: signals fed by its stream, and the few things a player can do. */
import { batch, computed, signal } from "@preact/signals";
import { insist, orNotYet, worthAnother } from "../api/again.ts";
import { freshKey } from "../api/key.ts";
import { Away, Problem } from "../api/http.ts";
import { command, readMatch } from "../api/calls.ts";
import { player } from "../api/session.ts";
import { follow, type Stream } from "../api/stream.ts";
import { serverNow } from "../api/time.ts";
import type { Command, Shape, View } from "../api/types.ts";
import { left } from "../core/clock.ts";
import { matchIn } from "../core/invitation.ts";
import { hasNewRound } from "../core/rounds.ts";
import { pictureOf } from "../core/screen.ts";
import { createLink } from "./link.ts";
import { createNotice } from "./notice.ts";
import { createOutbox } from "./outbox.ts";
import { createReveal } from "./reveal.ts";
import { play } from "../ui/sound.ts";

const LOOK_EVERY_MS = 5_000;
const NEWS_WITHIN_MS = 20_000; // a stream may die without a sign: look by ourselves after this
const GRACE_MS = 1_500; // what the server may take to tell that a deadline has passed
const TRIES_FOR_UNKNOWN = 2; // about two seconds, in which the session worker shows a new match

export type Table = ReturnType<typeof openTable>;

/** Sit down at, or watch, the match `id`; `first` is its view where we already have one. */
export function openTable(id: string, first: View | null) {
  const view = signal<View | null>(null);
  const missing = signal<string | null>(null); // why there is no view and will be none: a problem's code
  const ended = signal(false); // nothing can change any more
  const joining = signal(true); // until it is known whether we can
  const busy = signal<Command["type"] | null>(null);
  const notice = createNotice();
  const slow = signal<string | null>(null); // why news comes only now and then: a problem's code
  const reveal = createReveal();
  const outbox = createOutbox(id, { send: sendThrow, refused: refuse });
  const link = createLink({ back: outbox.flush, changed: networkChanged });
  const picture = computed(
    () =>
      view.value &&
      pictureOf(view.value, {
        pending: outbox.pending.value,
        offline: link.state.value !== "ok",
        revealing: reveal.phase.value === "land" || reveal.phase.value === "turn",
        joining: joining.value,
      }),
  );

  let stream: Stream | null = null;
  let lookTimer: ReturnType<typeof setInterval> | undefined;
  let lastNews = Date.now();
  let stranger = false; // we became somebody else since the last wish
  const leaving = new AbortController();

  /** Take a newer view; older ones arrive too, because answers and the stream overtake each other. */
  function show(next: View, oldest = (view.value?.version ?? -1) + 1): void {
    lastNews = Date.now();
    const before = view.value;
    if (next.version < oldest) return;
    batch(() => {
      if (before && (next.round !== before.round || next.status !== before.status)) notice.moveOn();
      if (hasNewRound(before, next)) reveal.begin(next.status === "ended");
      else if (before && next.rounds.length < before.rounds.length) reveal.skip();
      view.value = next;
      outbox.settle(next);
    });
  }

  async function sendThrow(shape: Shape, round: number, key: string): Promise<void> {
    const after = await link.reached(command(id, { type: "play", move: { shape }, round }, key));
    if (!after) throw new Away(); // accepted, not judged in time: the same key again waits for the verdict
    show(after);
  }

  async function look(): Promise<void> {
    show(await link.reached(readMatch(id)));
  }

  function refuse(code: string): void {
    notice.say(stranger ? "invalid_token" : code);
  }

  function wished(): void {
    stranger = false;
    notice.say(null);
  }

  /** The server no longer knows who sat here. The same version looks different to the new guest. */
  function becomeStranger(): void {
    stranger = true;
    refuse("invalid_token");
    stream?.reopen();
    const seen = view.value;
    const lookAnew = async () => show(await link.reached(readMatch(id)), seen?.version);
    if (seen) void insist(lookAnew, worthAnother, leaving.signal).catch(() => undefined);
  }

  async function start(): Promise<void> {
    if (matchIn(id) !== id) return void (missing.value = "unknown_match");
    if (first) show(first);
    try {
      if (!view.value) await insist(look, orNotYet(TRIES_FOR_UNKNOWN), leaving.signal);
      await sitDown();
    } catch (error) {
      if (!leaving.signal.aborted) missing.value = codeOf(error);
      return;
    }
    if (leaving.signal.aborted) return;
    stream = follow(id, { probe: look, view: show, end: finish, link: link.note, refused: (code) => (slow.value = code) });
  }

  async function sitDown(): Promise<void> {
    const now = view.value;
    const free = now && now.you === null && now.status === "waiting";
    joining.value = true;
    if (free) await tell({ type: "join" }, ["match_full", "already_joined", "ended", "not_playing"]);
    joining.value = false;
  }

  /** Send a wish until it is answered; refusals named in `quiet` show themselves in the next view. */
  async function tell(wish: Command, quiet: string[] = []): Promise<void> {
    const key = freshKey();
    batch(() => {
      busy.value = wish.type;
      wished();
    });
    const ask = async () => {
      const after = await link.reached(command(id, wish, key));
      if (after) show(after);
      else await look();
    };
    await insist(ask, worthAnother, leaving.signal).catch(async (error: unknown) => {
      if (leaving.signal.aborted) return;
      if (error instanceof Problem && !quiet.includes(error.code)) refuse(error.code);
      await look().catch(() => undefined); // the stream tells as well
    });
    busy.value = null;
  }

  async function rematch(): Promise<void> {
    const now = view.value;
    if (!now || now.you === null || now.rematch[now.you] || busy.value) return;
    await tell({ type: "rematch" }, ["already_asked", "no_rematch"]);
  }

  function throwShape(shape: Shape): void {
    const now = view.value;
    const free = now && now.status === "playing" && now.you !== null && !now.moved[now.you];
    if (!free || picture.value?.chosen) return;
    batch(() => {
      wished();
      reveal.skip();
      play("land");
      outbox.put({ match: id, round: now.round, deadline: now.deadline, shape, key: freshKey() });
    });
  }

  function finish(): void {
    ended.value = true;
    clearInterval(lookTimer);
  }

  function watch(): void {
    const now = view.value;
    if (!now || ended.value || document.hidden) return;
    const overdue = left(now.deadline, serverNow() - GRACE_MS) === 0;
    if (overdue || Date.now() - lastNews > NEWS_WITHIN_MS) void lookPastStream(now.version);
  }

  /** What the stream should have told and did not means that it is dead. */
  async function lookPastStream(version: number): Promise<void> {
    await look().catch(() => undefined); // the link noted it
    if (view.value && view.value.version > version) stream?.reopen();
  }

  /** Trust neither news: try, and see. */
  function networkChanged(onLine: boolean): void {
    if (ended.value) return;
    if (!onLine) return void look().catch(() => undefined); // the link noted it
    stream?.reopen();
    outbox.flush();
  }

  function close(): void {
    leaving.abort();
    stream?.close();
    outbox.close();
    unsubscribe();
    notice.close();
    reveal.skip();
    link.close();
    clearInterval(lookTimer);
    document.removeEventListener("visibilitychange", watch);
  }

  let who = player.value?.id;
  const unsubscribe = player.subscribe((now) => {
    if (who && now && now.id !== who) becomeStranger();
    who = now?.id ?? who;
  });
  document.addEventListener("visibilitychange", watch);
  lookTimer = setInterval(watch, LOOK_EVERY_MS);
  void start();

  return {
    id,
    view,
    picture,
    link: link.state,
    slow,
    missing,
    ended,
    busy,
    notice: notice.code,
    phase: reveal.phase,
    throwShape,
    sit: sitDown,
    rematch,
    resign: () => tell({ type: "resign" }, ["ended"]),
    close,
  };
}

/** Whatever cannot name a match, be it unknown or malformed, is to a player a match that is not there. */
function codeOf(error: unknown): string {
  if (!(error instanceof Problem)) return "unknown";
  return [400, 404, 422].includes(error.status) ? "unknown_match" : error.code;
}
