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

test("no group is both in training and in validation", () =>
  inFolder(async (folder) => {
    await writeTones(folder, 5);
    const source = await tone.open(folder);
    for (const seed of [0, 1, 2, 3])
      for (const unlabelled of [false, true]) {
        const settings = { ...supervision, seed, unlabelled, labels: 24 };
        const groups = await groupsToKeep(tone, source, settings);
        const { indices, training, validation } = splitForTraining(source, "classification", settings, groups);
        assert.ok(training.length > 0 && validation.length > 0);
        const judging = await speakersOf(source, validation);
        const learning = await speakersOf(source, unlabelled ? indices : training);
        assert.ok(
          [...judging].every((speaker) => !learning.has(speaker)),
          `${[...judging]} and ${[...learning]}`,
        );
      }
  }));

test("a kind of data without groups gives none, and unreadable entries are their own groups", () =>
  inFolder(async (folder) => {
    await writeTones(folder, 1);
    const source = await tone.open(folder);
    assert.equal(await groupsToKeep({}, source, supervision), undefined);
    const { BrokenSample } = await import("../../../src/foundation/errors.ts");
    const broken = { group: async () => Promise.reject(new BrokenSample("cut off")) };
    const groups = await groupsToKeep(broken, source, supervision);
    assert.deepEqual([...(groups ?? [])], [...Array(source.length).keys()]);
  }));
