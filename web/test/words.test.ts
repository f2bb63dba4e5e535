/** The catalogue: plural forms, and that both languages say the same things. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { en } from "../src/words/en.ts";
import { sl } from "../src/words/sl.ts";
import { fill, type Text } from "../src/words/text.ts";

const parameters = (text: Text) => {
  const forms = typeof text === "string" ? [text] : Object.values(text);
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
};

test("Slovenian counts one, two, few and many", () => {
  const rounds = [1, 2, 3, 4, 5, 21, 101, 102].map((n) => fill(sl["history.rounds"], { n }, "sl"));
  const expected = ["1 krog", "2 kroga", "3 krogi", "4 krogi", "5 krogov", "21 krogov", "101 krog", "102 kroga"];
  assert.deepEqual(rounds, expected);
});

test("English counts one and many", () => {
  assert.equal(fill(en["history.rounds"], { n: 1 }, "en"), "1 round");
  assert.equal(fill(en["history.rounds"], { n: 2 }, "en"), "2 rounds");
});

test("a missing parameter stays visible", () => {
  assert.equal(fill("for {name}", {}, "en"), "for {name}");
});

test("both languages have the same keys and the same parameters", () => {
  assert.deepEqual(Object.keys(sl).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    const [english, slovenian] = [parameters(en[key]), parameters(sl[key])];
    assert.ok(slovenian.every((p) => english.includes(p) || p === "{n}"), key);
    if (typeof en[key] === "string") assert.deepEqual(slovenian, english, key);
  }
});

/** What no wish of this page is refused with: other programs' mistakes, and what the services say to each other. */
const NOT_FOR_PLAYERS = "already_exists unknown_game too_early stale unreadable wrong_key too_large".split(" ");

test("every code that a player's wish can be refused with has words", () => {
  const codes = [...readFileSync("../schemas/rejections.py", "utf8").matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map((found) => found[1]!);
  const reachable = codes.filter((code) => !NOT_FOR_PLAYERS.includes(code));
  assert.ok(reachable.includes("too_late"));
  for (const words of [en, sl]) assert.deepEqual(reachable.filter((code) => !(`code.${code}` in words)), []);
});

test("no text shouts", () => {
  for (const text of [...Object.values(en), ...Object.values(sl)]) assert.ok(!JSON.stringify(text).includes("!"));
});

/** Keys that the page puts together from what the server says. */
const BUILT = /^((game|shape|beats|link|code|over\.text)\.|history\.(waiting|running|won|lost|tied)$)/;

test("every text is said somewhere", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /^(?!words).*\.tsx?$/.test(name));
  const code = files.map((name) => readFileSync(`src/${name}`, "utf8")).join("\n") + readFileSync("src/words/index.ts", "utf8");
  const silent = Object.keys(en).filter((key) => !BUILT.test(key) && !code.includes(`"${key}"`));
  assert.deepEqual(silent, []);
});
