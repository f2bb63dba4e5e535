/** From an address to the page it names. */
import "./browser.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../src/router.ts";
import { view } from "./build.ts";

const ID = view().id;

test("a match is found by its link in capitals, too", () => {
  assert.deepEqual(placeOf(`/m/${ID.toUpperCase()}`), { page: "match", id: ID });
  assert.deepEqual(placeOf(`/history/${ID.toUpperCase()}`), { page: "record", id: ID });
});
