import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsToKeep } from "../../../src/evaluation/labels/groups.ts";
import { splitForTraining } from "../../../src/evaluation/labels/supervision.ts";
import { tone } from "../../fixtures/tone/tone.ts";
import { writeTones } from "../../fixtures/tone/write.ts";
import { inFolder } from "../../support/cli.ts";

const supervision = { validation: 0.2, patience: 1, unlabelled: false, seed: 0 };

/** Names of those entries' speakers. */
const speakersOf = async (source: Awaited<ReturnType<typeof tone.open>>, entries: Int32Array) =>
  new Set(await Promise.all([...entries].map((entry) => tone.group?.(source, entry))));

test("nobody is heard both in what is learned from and in what judges", () =>
  inFolder(async (folder) => {
    await writeTones(folder, 5);
    const source = await tone.open(folder);
    for (const seed of [0, 1, 2, 3])
      for (const unlabelled of [false, true]) {
        const asked = { ...supervision, seed, unlabelled, labels: 24 };
        const groups = await groupsToKeep(tone, source, asked);
        const { indices, known, validation } = splitForTraining(source, "classification", asked, groups);
        assert.ok(known.length > 0 && validation.length > 0);
        const judging = await speakersOf(source, validation);
        const learning = await speakersOf(source, unlabelled ? indices : known);
        assert.ok(
          [...judging].every((speaker) => !learning.has(speaker)),
          `${[...judging]} and ${[...learning]}`,
        );
      }
  }));

test("a kind of data without groups asks for none, and entries that cannot be read are groups by themselves", () =>
  inFolder(async (folder) => {
    await writeTones(folder, 1);
    const source = await tone.open(folder);
    assert.equal(await groupsToKeep({}, source, supervision), undefined);
    const { BrokenSample } = await import("../../../src/foundation/errors.ts");
    const broken = { group: async () => Promise.reject(new BrokenSample("cut off")) };
    const groups = await groupsToKeep(broken, source, supervision);
    assert.deepEqual([...(groups ?? [])], [...Array(source.length).keys()]);
  }));
