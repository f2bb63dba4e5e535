/** Asking again: after whom, how soon, and when to stop. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { insist, orNotYet, waitAfter, worthAnother } from "../src/api/again.ts";
import { Away, Problem } from "../src/api/http.ts";
import { begin, pass } from "./browser.ts";

beforeEach(begin);
afterEach(() => mock.timers.reset());

test("a server that names a time is not asked sooner, and one that names none is asked after the back-off", () => {
  assert.ok(waitAfter(new Away(2), 0) >= 2_000);
  assert.ok(waitAfter(new Problem(429, "too_many_requests", 3), 0) >= 3_000);
  assert.ok(waitAfter(new Away(), 0) <= 400);
});

test("silence is borne for ever, a refusal for lack of room a few times, any other refusal not at all", () => {
  assert.deepEqual([0, 99].map((n) => worthAnother(new Away(), n)), [true, true]);
  assert.deepEqual([0, 99].map((n) => worthAnother(new Problem(429, "too_many_requests", 1), n)), [true, false]);
  assert.deepEqual([0, 99].map((n) => worthAnother(new Problem(500, "internal", null), n)), [true, false]);
  assert.equal(worthAnother(new Problem(409, "ended", null), 0), false);
});

test("a refusal that would keep a player waiting for long is told instead", () => {
  assert.equal(worthAnother(new Problem(429, "too_many_requests", 60), 0), false);
  assert.equal(worthAnother(new Away(60), 0), true);
});

test("the second try waits as long as the server asked for", async () => {
  let tries = 0;
  const answer = insist(() => (++tries === 1 ? Promise.reject(new Away(2)) : Promise.resolve("here")), worthAnother);
  await pass(1_900);
  assert.equal(tries, 1);
  await pass(200);
  assert.equal(await answer, "here");
});

test("who has left while waiting asks no more", async () => {
  let tries = 0;
  const leaving = new AbortController();
  const answer = insist(() => Promise.reject(new Away(++tries)), worthAnother, leaving.signal);
  const outcome = answer.catch((error: unknown) => error);
  await pass(100);
  leaving.abort();
  await pass(5_000);
  assert.equal(tries, 1);
  assert.equal((await outcome) instanceof Away, false);
});

test("given a 404, when the server says to ask again, then it is asked so many times and no more", () => {
  const soon = new Problem(404, "unknown_match", 1);
  assert.deepEqual([0, 1, 2].map((n) => orNotYet(2)(soon, n)), [true, true, false]);
  assert.equal(orNotYet(2)(new Problem(404, "unknown_match", null), 0), false);
  assert.equal(orNotYet(2)(new Away(), 99), true);
});
