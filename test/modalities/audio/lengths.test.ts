import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entries } from "../../../src/data/files/collection.ts";
import { secondsOf } from "../../../src/modalities/audio/sources/lengths.ts";
import { wavOf } from "../../../src/modalities/audio/wav.ts";

const broken = 3;
const entriesOf = (count: number): Entries => ({
  names: Array.from({ length: count }, (_, at) => `${at}.wav`),
  bytes: async (index) => (index === broken ? new Uint8Array(100) : wavOf(new Float32Array(400 + index), 4000)),
  contents: async () => "",
  close: async () => undefined,
});

test("lengths come from headers, in order; a broken file has none; quick work is not noted", async () => {
  const notes: string[] = [];
  const seconds = await secondsOf(entriesOf(40), 16000, (note) => notes.push(note));
  assert.deepEqual(
    seconds,
    Array.from({ length: 40 }, (_, at) => (at === broken ? undefined : (400 + at) / 4000)),
  );
  assert.deepEqual(notes, []);
});

test("slow work is noted once, with the time that is left", async () => {
  const notes: string[] = [];
  let time = 0;
  const clock = () => {
    time += 250;
    return time;
  };
  await secondsOf(entriesOf(1600), 16000, (note) => notes.push(note), clock);
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /^the lengths of 1,600 recordings are read, in about \d+ (s|minutes)$/);
});
