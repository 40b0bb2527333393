import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { largestFirst, modalities } from "../../../src/data/index.ts";
import type { ModalityDefinition } from "../../../src/data/modality.ts";
import { foldData, writeFoldAsSplit } from "../../../src/evaluation/labels/folds.ts";
import { splitData } from "../../../src/evaluation/labels/split.ts";
import { splitForTraining } from "../../../src/evaluation/labels/supervision.ts";
import { drawFolds } from "../../../src/training/data/split.ts";
import { openData } from "../../../src/training/run/open-data.ts";
import { tone } from "../../fixtures/tone/tone.ts";
import { writeTones } from "../../fixtures/tone/write.ts";
import { inFolder } from "../../support/cli.ts";

const reader = (definition: unknown = tone) => ({
  modalityDefinition: definition as ModalityDefinition,
  modalityOptions: tone.options.parse({}),
});

test("splits are deterministic, written, given back, and cut through no group; the kind's own ways are asked by name", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeTones(data, 10);
    const ways = reader({ ...tone, splits: { speakers: largestFirst } });
    const split = (by: string, seed = 0) => splitData(ways, { data, by, seed, out: folder });
    const text = () => readFile(join(folder, "split.csv"), "utf8");
    const { sizes, file } = await split("random");
    const first = await text();
    assert.equal(sizes.train + sizes.validation + sizes.test, first.trim().split("\n").length - 1);
    assert.ok(sizes.test >= 0.08 * sizes.train && sizes.validation >= 0.08 * sizes.train);
    await split("random");
    assert.equal(await text(), first);
    await split("random", 1);
    const second = await text();
    assert.notEqual(second, first);
    assert.deepEqual((await split(file)).sizes.train, sizes.train);
    assert.equal(await text(), second);
    for (const by of ["group", "speakers"]) {
      await split(by);
      const source = await openData(ways, data, { splitFile: file });
      const ofSpeaker = new Map<string, Set<number>>();
      for (let entry = 0; entry < source.length; entry++) {
        const speaker = await tone.group!(source as never, entry);
        ofSpeaker.set(speaker, (ofSpeaker.get(speaker) ?? new Set()).add(source.parts![entry]!));
      }
      for (const [speaker, parts] of ofSpeaker) assert.equal(parts.size, 1, `${by}: ${speaker}`);
      await source.close();
    }
    await assert.rejects(split("scaffold"), /--split scaffold: not random, group, speakers, no file, and no column/);
  }));

test("labels are of the training part, validation is the validation part, and nothing of the test part is seen", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeTones(data, 10);
    const { file, sizes } = await splitData(reader(), { data, by: "random", seed: 0, out: folder });
    const source = await openData(reader(), data, { splitFile: file });
    const parts = source.parts!;
    const settings = { validation: 0.2, unlabelled: true, seed: 0 };
    const all = splitForTraining(source, "classification", settings);
    assert.deepEqual([all.training.length, all.validation.length], [sizes.train, sizes.validation]);
    assert.ok([...all.indices].every((entry) => parts[entry] === 0));
    assert.ok([...all.validation].every((entry) => parts[entry] === 1));
    // Of a few labels a share is held out of those: few labels are not chosen by many.
    const few = splitForTraining(source, "classification", { ...settings, labels: 20 });
    assert.equal(few.training.length + few.validation.length, 20);
    assert.ok([...few.training, ...few.validation].every((entry) => parts[entry] === 0));
    assert.ok([...few.indices].every((entry) => parts[entry] === 0));
    await source.close();
  }));

test("folds are of about one size, of each class and with whole groups; each as a split has the others to train on", () =>
  inFolder(async (folder) => {
    const strata = Int32Array.from({ length: 100 }, (_, at) => (at < 5 ? -1 : at % 4 === 0 ? 1 : 0));
    const folds = drawFolds(strata, 5, 3);
    for (let fold = 0; fold < 5; fold++) {
      const members = [...folds.keys()].filter((entry) => folds[entry] === fold);
      assert.equal(members.length, 19);
      assert.ok(Math.abs(members.filter((entry) => strata[entry] === 1).length - 4.6) < 1);
    }
    assert.ok([...folds.subarray(0, 5)].every((fold) => fold === -1));
    const grouped = drawFolds(
      strata,
      4,
      0,
      Int32Array.from({ length: 100 }, (_, at) => at >> 2),
    );
    for (let at = 8; at < 100; at++) assert.equal(grouped[at], grouped[at & ~3]);
    assert.throws(() => drawFolds(Int32Array.of(0, 0), 3, 0), /--folds 3: there are only 2/);

    const data = join(folder, "data");
    await writeTones(data, 6);
    const divided = await foldData(reader(), { data, by: "3", seed: 0, out: folder });
    const file = join(folder, "fold.csv");
    await writeFoldAsSplit(file, divided, 2);
    const source = await openData(reader(), data, { splitFile: file, foldsFile: divided.file });
    for (let entry = 0; entry < source.length; entry++)
      assert.equal(source.parts![entry], source.folds![entry] === 1 ? 2 : 0);
    await source.close();
    await assert.rejects(foldData(reader(), { data, by: "1", seed: 0, out: folder }), /at least two are needed/);
    await assert.rejects(
      foldData(reader(), { data, by: "speaker", seed: 0, out: folder }),
      /^UserError: --folds speaker: no number, no file, and no column of folds \(.*neither a file nor a column/,
    );
  }));

test("parts, folds and groups may be a column that the source has, or one of a table of molecules", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeTones(data, 6);
    const cells = (column: string) => (index: number) =>
      column === "part" ? ["train", "val", "test"][index % 3] : column === "turn" ? String(index % 4) : undefined;
    const withColumns = {
      ...tone,
      open: async (path: string) => {
        const source = await tone.open(path);
        const column = (name: string) =>
          ["part", "turn"].includes(name)
            ? Array.from({ length: source.length }, (_, at) => cells(name)(at))
            : undefined;
        return { ...source, column };
      },
    };
    const own = reader(withColumns);
    assert.equal((await foldData(own, { data, by: "turn", seed: 0, out: folder })).sizes.length, 4);
    const { sizes } = await splitData(own, { data, by: "part", seed: 0, out: folder });
    assert.ok(sizes.train > 0 && sizes.validation > 0 && sizes.test > 0);

    const table = join(folder, "molecules.csv");
    const rows = Array.from({ length: 24 }, (_, at) => `C${"C".repeat(at)}O,${at % 2},plant ${at >> 2}`);
    await writeFile(table, ["smiles,label,site", ...rows, ""].join("\n"));
    const molecules = { modalityDefinition: await modalities.load("molecule"), modalityOptions: {} };
    const asked = { data: table, by: "group", group: "site", seed: 0, out: folder };
    const { file } = await splitData(molecules, asked);
    const written = (await readFile(file, "utf8")).trim().split("\n").slice(1);
    const parts = new Map(written.map((line) => line.split(",") as [string, string]));
    assert.deepEqual([...new Set(parts.values())].sort(), ["test", "train", "validation"]);
    for (let at = 0; at < 24; at += 4)
      assert.equal(new Set([0, 1, 2, 3].map((more) => parts.get(`molecules.csv:${at + more + 2}`))).size, 1);
    await assert.rejects(
      splitData(molecules, { ...asked, group: "town" }),
      /no column "town".* --group names a column/,
    );
  }));
