import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { distillRun, exportRun, type Modality, openRun, pretrain } from "../../../src/index.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { openFrozenFile } from "../../../src/training/run/frozen-file.ts";
import { buildParts } from "../../../src/training/run/run.ts";
import { inFolder, writeImages } from "../../support/cli.ts";
import { COMMIT, fakeHub } from "../../support/hub.ts";

const training = { epochs: 2, batchSize: 8, workers: 1, learningRate: 1e-3, optimizer: "adamw", logEvery: 1 } as const;

test("an ONNX file teaches as the model that it is of does on the Hub, step by step, stopped and resumed", () =>
  inFolder(async (folder) => {
    const [data, teacher, exported] = ["data", "big", "model"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeImages(data, 8);
    await pretrain({
      ...{ data, out: teacher, method: "simclr", encoder: "vit", training: { ...training, epochs: 1 } },
      encoderOptions: { width: 16, depth: 1, heads: 2, patchSize: 4, pooling: "class" },
      modalityOptions: { imageSize: 16 },
    });
    const big = await openRun(teacher);
    await exportRun({ run: big, out: exported });
    const file = join(exported, "onnx", "model.onnx");

    // Its outputs are told by their names and shapes: 4 × 4 patches behind a class token.
    const found = await openFrozenFile(file, await buildParts(big.config));
    assert.deepEqual([found.global, found.patches], [16, { width: 16, grid: [4, 4] }]);

    const options = {
      ...{ teacher: file, data, out: join(folder, "small"), into: "resnet-8:width=4,stem=stride2" },
      ...{ training, options: { headLayers: 1, features: "both" } as const, seconds: 0.1 },
    };
    const stop = new AbortController();
    const stopped = await distillRun({ ...options, signal: stop.signal, onStep: () => stop.abort() });
    assert.deepEqual([stopped.models, stopped.run.step], [[], 1]);
    const { models, run } = await distillRun(options);
    assert.deepEqual([models.map(({ name }) => name), run.step], [["teacher", "student"], 4]);
    const { config } = run;
    assert.equal(config.method.options.teacher, file);
    // The student sees images as the file's preprocessor_config.json says.
    assert.equal(config.modality.options.imageSize, 16);
    assert.deepEqual(config.modality.options.mean, [0.485, 0.456, 0.406]);

    // The same model as a published one on the Hub.
    const names = ["config.json", "preprocessor_config.json", "model.safetensors"];
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(exported, name))])),
    );
    const hub = await fakeHub({ "owner/big": { files, large: ["model.safetensors"] } });
    Object.assign(process.env, { HF_HOME: join(folder, "home"), HF_ENDPOINT: hub.url });
    const same = await pretrain({
      ...{ data, out: join(folder, "same"), method: "distill", training, encoder: "resnet" },
      options: { teacher: "owner/big", headLayers: 1, features: "both" },
      encoderOptions: { layers: "8", width: 4, stem: "stride2" },
      modalityOptions: config.modality.options,
    }).finally(() => hub.close());
    assert.equal(same.config.method.options.teacher, `owner/big@${COMMIT}`);
    const [ours, theirs] = [await run.metrics(), await same.metrics()];
    assert.deepEqual([ours.length, theirs.length], [4, 4]);
    for (const [at, row] of ours.entries())
      for (const name of ["loss", "cosine", "patchCosine"]) {
        const [one, other] = [Number(row[name]), Number(theirs[at]![name])];
        assert.ok(Math.abs(one - other) < 1e-4, `step ${at + 1}, ${name}: ${one} and ${other}`);
      }

    // Errors are one line: another size, no model, no file.
    const larger = image.build(image.options.parse({ imageSize: 24 }));
    const parts = { ...(await buildParts(big.config)), modality: larger as Modality<unknown> };
    await assert.rejects(openFrozenFile(file, parts), {
      name: "UserError",
      message: /model\.onnx: does not read these image data \(/,
    });
    const broken = join(folder, "broken.onnx");
    await writeFile(broken, "no model");
    await assert.rejects(distillRun({ ...options, teacher: broken, out: join(folder, "b") }), {
      name: "UserError",
      message: /broken\.onnx: not a model that ONNX Runtime can run/,
    });
    await assert.rejects(distillRun({ ...options, teacher: join(folder, "no.onnx"), out: join(folder, "c") }), {
      name: "UserError",
      message: /no\.onnx: could not be read \(there is no such file or folder\)/,
    });
    await mkdir(join(folder, "alone"));
    await copyFile(file, join(folder, "alone", "net.onnx"));
    assert.deepEqual(
      await openFrozenFile(join(folder, "alone", "net.onnx"), await buildParts(big.config)).then(
        ({ global }) => global,
      ),
      16,
    );
  }));
