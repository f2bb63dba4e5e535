/** Following a match: when the stream is opened anew, and what is said about it meanwhile. */
import { begin, pass, serve, Stream } from "./browser.ts";
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { follow, type Stream as Followed } from "../src/api/stream.ts";
import type { View } from "../src/api/types.ts";
import { view } from "./build.ts";

let links: boolean[] = [];
let refusals: (string | null)[] = [];
let probes = 0;
let followed: Followed | null = null;

beforeEach(() => {
  begin();
  [links, refusals, probes] = [[], [], 0];
});
afterEach(() => {
  followed?.close();
  mock.timers.reset();
});

function listen(views: View[] = []): void {
  followed = follow(view().id, {
    probe: async () => void probes++,
    view: (next) => views.push(next),
    end: () => undefined,
    link: (open) => links.push(open),
    refused: (code) => refusals.push(code),
  });
}

/** Time passes, and the browser gets no stream for any attempt. */
async function refuse(ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 100) {
    if (Stream.newest.readyState !== Stream.CLOSED) Stream.newest.isRefused();
    await pass(100);
  }
}

test("a stream that ends because its token does is followed by the next at once, and the link stays up", () => {
  const views: View[] = [];
  listen(views);
  Stream.newest.opens();
  Stream.newest.tells("expired");
  assert.deepEqual([Stream.all.length, links], [2, [true]]);
  Stream.newest.opens();
  Stream.newest.tells("view", view());
  assert.deepEqual([views.length, links], [1, [true, true]]);
});

test("a stream refused again and again, though the server answers, is given up for looks and words", async () => {
  serve(() => ({ status: 429, body: { code: "too_many_streams" }, headers: { "Retry-After": "1" } }));
  listen();
  await refuse(5_000);
  const before = [Stream.all.length, links.length];
  assert.deepEqual(refusals.at(-1), "too_many_streams");
  const looked = probes;
  await refuse(20_000);
  assert.deepEqual([Stream.all.length, links.length], before);
  assert.equal(probes - looked, 4);
});

test("once a refused stream is to be had it is opened, and the words go", async () => {
  let status = 429;
  serve(() => ({ status, body: { code: "too_many_streams" } }));
  listen();
  await refuse(5_000);
  status = 200;
  const tried = Stream.all.length;
  await pass(6_000);
  assert.equal(Stream.all.length, tried + 1);
  Stream.newest.opens();
  assert.deepEqual([refusals.at(-1), links.at(-1)], [null, true]);
});
