import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { distillRun, type LabelledPair, pretrain, pruneRun, quantizeRun } from "../../../src/index.ts";
import { inFolder, writeImages } from "../../support/cli.ts";

const training = { epochs: 1, batchSize: 8, workers: 0, learningRate: 1e-3, optimizer: "adamw" } as const;

test("unsuitable labelled data are refused before training or writing; labels may be in a separate file", () =>
  inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    const data = at("data");
    const paths = await writeImages(data, 8);
    await writeImages(at("three"), 2, 3);
    await writeImages(at("unseen"), 4);
    await mkdir(at("flat"));
    for (const [index, path] of paths.entries()) await copyFile(path, join(at("flat"), `${index}.png`));
    for (const [name, file] of [
      ["texts", "1.txt"],
      ["fake", "1.png"],
    ] as const)
      for (const label of ["class0", "class1"]) {
        await mkdir(join(at(name), label), { recursive: true });
        await writeFile(join(at(name), label, file), "no picture");
      }
    const rows = paths.map((_, index) => `${index}.png,${index < 8 ? "class0" : "class1"}\n`);
    for (const part of [0, 1])
      await writeFile(at(`labels${part}.csv`), `path,label\n${rows.filter((_, index) => index % 2 === part).join("")}`);
    await writeFile(at("several.csv"), "path,label\n0.png,a\n1.png,b\n2.png,a|b\n");
    const run = await pretrain({
      ...{ data, out: at("run"), method: "rotation", encoder: "vit", training },
      encoderOptions: { width: 16, depth: 1, heads: 4, patchSize: 8 },
      modalityOptions: { imageSize: 16 },
    });
    const commands = (labels: LabelledPair) => [
      () => quantizeRun({ run, out: at("out"), labels, seconds: 0.1 }),
      () => distillRun({ teacher: run.path, data, out: at("out"), labels, training }),
      () => pruneRun({ run, keep: 0.5, out: at("out"), labels, recoverEpochs: 1 }),
    ];
    const wrong: [Partial<LabelledPair>, RegExp][] = [
      [{ test: at("nowhere") }, /nowhere: could not be read/],
      [{ train: at("nowhere") }, /nowhere: could not be read/],
      [{ test: at("flat") }, /flat: no labels/],
      [{ test: at("three") }, /class "class2" does not occur in/],
      [{ test: at("texts") }, /no images in this folder/],
      [{ test: at("fake") }, /fake: no labelled sample can be read; the first is class0\/1\.png/],
      [{ test: at("flat"), testLabels: at("none.csv") }, /none\.csv/],
      [{ test: at("flat"), testLabels: at("several.csv") }, /flat: the labels are several labels a sample \("a\|b"\)/],
      [{ test: data }, /data: the same samples as/],
    ];
    for (const [given, message] of wrong)
      for (const command of commands({ train: data, test: at("unseen"), ...given }))
        await assert.rejects(command(), { name: "UserError", message });
    assert.equal(existsSync(at("out")), false);
    const flat = { train: at("flat"), test: at("flat") };
    const apart = { ...flat, trainLabels: at("labels0.csv"), testLabels: at("labels1.csv") };
    const { models } = await quantizeRun({ run, out: at("out"), labels: apart, seconds: 0.1 });
    assert.ok(models.every(({ linear, knn20 }) => linear !== undefined && knn20 !== undefined));
  }));
