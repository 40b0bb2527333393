import type { Rng } from "../../src/array/rng.ts";
import { binary } from "./binary.ts";
import { type Mutation, pick, placeIn, replaced } from "./mutation.ts";

/** What goes wrong with lines and with JSON, written so that most mutants still parse. */

const hostile: readonly string[] = [
  "\0",
  "\r",
  "\u001b[2J\u001b]0;owned\u0007",
  "\ufeff",
  "\u202e",
  "\u2028",
  "e\u0301".repeat(2000),
  '"',
  '""",',
  ",",
  ";",
  "\t",
  "=cmd|' /C calc'!A0",
  "../../etc/passwd",
  "NaN",
  "-1",
  "1e999",
  "[PAD][CLS][MASK]",
  "<|endoftext|>",
  "x".repeat(100_000),
  "\n\n\n",
  " ",
];

const inserted: Mutation = (bytes, rng) =>
  replaced(bytes, placeIn(bytes.length, rng), rng.integer(0, 3), Buffer.from(pick(rng, hostile)));

const notUtf8: Mutation = (bytes, rng) =>
  replaced(
    bytes,
    placeIn(bytes.length, rng),
    0,
    pick(rng, [Buffer.of(0xff), Buffer.of(0xc3), Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xf4, 0x90, 0x80, 0x80)]),
  );

/** The lines, changed as a list. */
const ofLines =
  (change: (lines: string[], at: number, rng: Rng) => string[]): Mutation =>
  (bytes, rng) => {
    const lines = bytes.toString("utf8").split("\n");
    return Buffer.from(change(lines, rng.integer(0, lines.length - 1), rng).join("\n"));
  };

const lineRemoved = ofLines((lines, at) => lines.toSpliced(at, 1));
/** Most that repetitions add, in characters: what is long may take long. */
const GROWTH = 500_000;

const lineRepeated = ofLines((lines, at, rng) => {
  const line = lines[at]!;
  const copies = Math.min(pick(rng, [1, 10, 5000]), Math.ceil(GROWTH / (line.length + 1)));
  return lines.toSpliced(at, 0, ...Array.from({ length: copies }, () => line));
});
const lineCut = ofLines((lines, at, rng) => lines.with(at, lines[at]!.slice(0, rng.integer(0, lines[at]!.length))));

const otherEncoding: Mutation = (bytes, rng) =>
  Buffer.from(bytes.toString("utf8"), pick(rng, ["utf16le", "latin1", "base64"] as const));

const otherEnds: Mutation = (bytes, rng) =>
  Buffer.from(bytes.toString("utf8").replaceAll("\n", pick(rng, ["\r", "\r\n", "\n\r", "\u2028", "\0"])));

const otherSeparators: Mutation = (bytes, rng) =>
  Buffer.from(bytes.toString("utf8").replaceAll(",", pick(rng, [";", "\t", "|", ",,"])));

export const lines: readonly Mutation[] = [
  ...[inserted, inserted, notUtf8, lineRemoved, lineRepeated, lineCut, otherEncoding, otherEnds, otherSeparators],
  ...binary,
];

/** What may stand where a number, a text or a list was. */
const values: readonly unknown[] = [
  ...[-1, 0, 1, 0.5, 1e-300, 7, 1e6, 1e9, 2 ** 31, 2 ** 53, 1e308, 8192],
  ...["", "x", "x".repeat(10_000), "__proto__", "(a+)+$", "(\\s|\\S|a)*$", "../../x.ts", "data:text/javascript,0"],
  ...[null, true, false, [], {}, [[]], [0, 0, 0], [1e9, 1e9, 1e9], { __proto__: null, a: 1 }],
];

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every place in a value: what holds it, and under which key. */
function placesOf(value: Json, found: { holder: Json[] | { [key: string]: Json }; key: string }[] = []) {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, item] of Object.entries(value)) {
    found.push({ holder: value, key });
    placesOf(item, found);
  }
  return found;
}

/** JSON with a value replaced, removed, repeated or nested deeply. Undefined if the bytes are not JSON. */
export function changedJson(text: string, rng: Rng): string | undefined {
  let json: Json;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (rng.chance(0.03)) return JSON.stringify(pick(rng, values));
  for (let count = pick(rng, [1, 1, 1, 3]); count > 0; count--) {
    const places = placesOf(json);
    if (places.length === 0) break;
    // The first keys are the settings; behind them long lists of the same.
    const { holder, key } = rng.chance(0.5)
      ? pick(rng, places)
      : places[rng.integer(0, Math.min(80, places.length) - 1)]!;
    const set = (name: string, value: unknown) => Object.assign(holder, { [name]: value });
    const held = Object.entries(holder).find(([name]) => name === key)?.[1] ?? null;
    const how = rng.integer(0, 9);
    if (how === 0) Reflect.deleteProperty(holder, key);
    else if (how === 1) set(`${key}x`, held);
    else if (how === 2) set(key, [held, held]);
    else if (how === 3 && typeof held === "number") set(key, pick(rng, [-held, held * 1e6, held + 0.5, held + 1]));
    else if (how === 3 && typeof held === "string") set(key, held + pick(rng, hostile));
    else set(key, pick(rng, values));
  }
  const whole = JSON.stringify(json);
  return rng.chance(0.02) ? `${'{"a":'.repeat(50_000)}${whole}${"}".repeat(50_000)}` : whole;
}

const value: Mutation = (bytes, rng) => Buffer.from(changedJson(bytes.toString("utf8"), rng) ?? bytes);

export const json: readonly Mutation[] = [...Array.from({ length: 20 }, () => value), ...lines];

/** JSON line by line. */
const valueInLine = ofLines((all, at, rng) => all.with(at, changedJson(all[at]!, rng) ?? ""));

export const jsonLines: readonly Mutation[] = [...Array.from({ length: 10 }, () => valueInLine), ...lines];
