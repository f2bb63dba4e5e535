/** Renewing a session: who stays, and who begins anew. */
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Problem } from "../src/api/http.ts";
import { ready } from "../src/api/session.ts";

const GUEST = { player: { id: "b", name: "Bor" }, expires_in: 600, token_type: "Bearer" };

let asked: string[] = [];

/** Answers each path with a status and, for guests, with a new one. */
function server(statuses: { [path: string]: number }): void {
  mock.method(globalThis, "fetch", (path: string) => {
    asked.push(path);
    const status = statuses[path] ?? 404;
    const body = status < 300 ? GUEST : { code: status === 429 ? "too_many_requests" : "invalid_token" };
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Retry-After": "7" } }));
  });
}

beforeEach(() => {
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true }); // without locks
  asked = [];
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("given too many renewals at once, when one is refused for now, then the player stays who they are", async () => {
  server({ "/auth/v1/tokens": 429, "/auth/v1/guests": 201 });
  await assert.rejects(ready(), (error) => error instanceof Problem && error.code === "too_many_requests");
  assert.deepEqual(asked, ["/auth/v1/tokens"]);
});

test("given a session that is over, when it cannot be renewed, then a new guest begins", async () => {
  server({ "/auth/v1/tokens": 401, "/auth/v1/guests": 201 });
  assert.equal((await ready()).name, "Bor");
  assert.deepEqual(asked, ["/auth/v1/tokens", "/auth/v1/guests"]);
});
