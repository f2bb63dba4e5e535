/** The store of one match against a server in miniature: what is asked, how often, and what a player sees of it. */
import { begin, goOnline, pass, serve, Stream, type Reply, type Server } from "./browser.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { player } from "../src/api/session.ts";
import { openTable, type Table } from "../src/match/table.ts";
import { PAPER_WINS, view } from "./build.ts";

const ID = view().id;
const ANA = { player: { id: "a", name: "Ana" }, expires_in: 900 };
const CY = { player: { id: "c", name: "Cy" }, expires_in: 900 };
const WAITING = { status: "waiting" as const, seats: [{ player: "b", name: "Bor" }, null], you: null };

let table: Table | null = null;
let asked: string[] = [];

beforeEach(() => {
  begin();
  player.value = null;
  renewal = { body: ANA };
});
afterEach(() => {
  table?.close();
  mock.timers.reset();
});

let renewal: Reply = { body: ANA };

/** Sit down at a table whose server answers the match's requests so. */
function at(answer: Server, id = ID): Table {
  asked = [];
  serve((method, path, body) => {
    if (path === "/auth/v1/guests") return { body: CY };
    if (path.startsWith("/auth/v1/")) return renewal;
    asked.push(`${method} ${path.replace(`/v1/matches/${ID}`, "match")}`);
    return answer(method, path, body);
  });
  table = openTable(id, null);
  return table;
}

const shown = (changes: Parameters<typeof view>[0] = {}): Reply => ({ body: view(changes) });
const no = (status: number, code: string, wait?: number): Reply => {
  const headers: Record<string, string> = wait ? { "Retry-After": String(wait) } : {};
  return { status, body: { code }, headers };
};
const count = (what: string) => asked.filter((each) => each === what).length;

test("a join that the server puts off is not repeated before the time it named", async () => {
  at((method) => (method === "GET" ? shown(WAITING) : no(503, "unavailable", 2)));
  await pass(1_900);
  assert.equal(count("POST match/commands"), 1);
  await pass(500);
  assert.equal(count("POST match/commands"), 2);
});

test("a match that the server does not show yet is asked for when it said, and found", async () => {
  const table = at(() => (count("GET match") === 1 ? no(404, "unknown_match", 1) : shown()));
  await pass(900);
  assert.equal(count("GET match"), 1);
  await pass(300);
  assert.equal(table.picture.value?.state, "turn");
  assert.equal(Stream.all.length, 1);
});

test("a match that stays unknown is said to be none after a few tries", async () => {
  const table = at(() => no(404, "unknown_match", 1));
  await pass(5_000);
  assert.equal(table.missing.value, "unknown_match");
});

test("a throw that did not arrive is not sent by a table that was left, and is there on return", async () => {
  const first = at((method) => (method === "GET" ? shown() : no(503, "unavailable")));
  await pass(100);
  first.throwShape("rock");
  first.close();
  await pass(5_000);
  assert.equal(count("POST match/commands"), 1);
  at((method) => (method === "GET" ? shown() : shown({ version: 4, moved: [true, false] })));
  await pass(100);
  assert.deepEqual(asked, ["GET match", "POST match/commands"]);
});

test("a throw is sent where the browser wrongly says that there is no network", async () => {
  goOnline(false);
  const table = at((method) => (method === "GET" ? shown() : shown({ version: 4, moved: [true, false] })));
  await pass(100);
  table.throwShape("rock");
  await pass(100);
  assert.equal(table.picture.value?.state, "thrown");
  assert.equal(table.link.value, "ok");
});

test("without a network a throw is kept, said to be, and sent once it is back", async () => {
  let gone = false;
  const table = at((method) => {
    if (gone) throw new Error("no network");
    return method === "GET" ? shown() : shown({ version: 4, moved: [true, false] });
  });
  await pass(100);
  gone = true;
  goOnline(false);
  table.throwShape("rock");
  await pass(100);
  assert.deepEqual([table.picture.value?.state, table.link.value], ["offline", "offline"]);
  gone = false;
  goOnline(true);
  await pass(50);
  assert.equal(table.picture.value?.state, "thrown");
});

const OVER = { status: "ended" as const, winner: 0, ended_by: "score" as const };

test("a rematch that is asked for twice at once is sent once", async () => {
  const table = at((method) => (method === "GET" ? shown(OVER) : shown({ ...OVER, version: 4, rematch: [true, false] })));
  await pass(100);
  void table.rematch();
  void table.rematch();
  await pass(100);
  void table.rematch();
  await pass(100);
  assert.equal(count("POST match/commands"), 1);
});

test("a rematch that another window has already asked for is no error", async () => {
  const table = at((method) => (method === "GET" ? shown(OVER) : no(409, "already_asked")));
  await pass(100);
  void table.rematch();
  await pass(100);
  assert.equal(table.notice.value, null);
});

for (const [status, code] of [[429, "too_many_requests"], [500, "internal"]] as const) {
  test(`a join refused with ${status} is tried again until it succeeds`, async () => {
    const seated = view({ you: 1, version: 4 });
    const table = at((method) => (method === "GET" ? shown(WAITING) : count("POST match/commands") < 3 ? no(status, code, 1) : { body: seated }));
    await pass(4_000);
    assert.equal(table.picture.value?.state, "turn");
  });
}

test("who did not get a seat that is still free learns why, and can try again", async () => {
  let full = true;
  const table = at((method) => (method === "GET" ? shown(WAITING) : full ? no(429, "too_many_requests", 1) : shown({ you: 1, version: 4 })));
  await pass(60_000);
  assert.deepEqual([table.picture.value?.state, table.notice.value], ["free", "too_many_requests"]);
  full = false;
  void table.sit();
  await pass(100);
  assert.deepEqual([table.picture.value?.state, table.notice.value], ["turn", null]);
});

async function refusedTable(): Promise<Table> {
  const table = at((method) => (method === "GET" ? shown() : no(409, "wrong_round")));
  await pass(100);
  Stream.newest.opens();
  table.throwShape("rock");
  await pass(100);
  assert.equal(table.notice.value, "wrong_round");
  return table;
}

test("a refusal that was read goes when the next round begins", async () => {
  const table = await refusedTable();
  await pass(6_000);
  assert.equal(table.notice.value, "wrong_round");
  Stream.newest.tells("view", view({ version: 4, round: 2, rounds: [PAPER_WINS] }));
  assert.equal(table.notice.value, null);
});

test("a refusal in the moment in which a round ends stays long enough to be read", async () => {
  const table = await refusedTable();
  Stream.newest.tells("view", view({ version: 4, round: 2, rounds: [PAPER_WINS] }));
  await pass(4_000);
  assert.equal(table.notice.value, "wrong_round");
  await pass(2_000);
  assert.equal(table.notice.value, null);
});

test("who is no longer known is told so, and sees the table as the new guest, not the old seat", async () => {
  let known = true;
  const seen = () => shown({ you: known ? 0 : null });
  const table = at((method) => (method === "GET" ? seen() : known ? no(401, "invalid_token") : no(403, "not_seated")));
  await pass(100);
  assert.equal(table.picture.value?.state, "turn");
  const streams = Stream.all.length;
  known = false;
  renewal = no(401, "invalid_token");
  await pass(900_000);
  assert.deepEqual([table.picture.value?.state, table.notice.value], ["spectator", "invalid_token"]);
  assert.ok(Stream.all.length > streams);
});

test("a throw that a new guest cannot make is refused by what happened, not by what follows from it", async () => {
  let known = true;
  const table = at((method) => {
    if (method === "GET") return shown({ you: known ? 0 : null });
    if (player.value?.id === "c") return no(403, "not_seated");
    known = false;
    return no(401, "invalid_token");
  });
  await pass(100);
  renewal = no(401, "invalid_token");
  table.throwShape("rock");
  await pass(1_000);
  assert.deepEqual([table.picture.value?.state, table.notice.value], ["spectator", "invalid_token"]);
});
