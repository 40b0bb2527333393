import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { filled, float32, Rng } from "../../src/array/index.ts";
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { cpc } from "../../src/methods/cpc.ts";
import { mae } from "../../src/methods/mae.ts";
import { simclr } from "../../src/methods/simclr.ts";
import { collapseWatch, spreadOf } from "../../src/training/collapse.ts";
import { observed } from "../../src/training/observe.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { compileStep, initialState, optimizerOf } from "../../src/training/step.ts";
import { fill } from "../fixtures/torch/reference.ts";
import { noEntry, stack, toyModality } from "../methods/toy.ts";
import { inFolder } from "../support/cli.ts";
import { fixture, vectorRun } from "../support/vectors.ts";

test("effective rank and deviation are PyTorch's", async () => {
  const text = await readFile(new URL("../fixtures/torch/spread.json", import.meta.url), "utf8");
  const expected: Record<string, Record<string, [number]>> = JSON.parse(text);
  const shapes = { wide: [6, 10, 0], tall: [20, 5, 0], shifted: [12, 12, 2], long: [150, 8, 0.5] } as const;
  for (const [name, [rows, width, offset]] of Object.entries(shapes))
    for (const [key, value] of Object.entries(spreadOf(fill(`features ${name}`, [rows, width], 1, offset))))
      assert.ok(Math.abs(value - expected[name]![key]![0]) < 1e-5, `${name} ${key}: ${value}`);
});

test("extremes: equal features have rank 1 and deviation 0, an orthonormal basis has full rank", () => {
  const same = spreadOf(filled([8, 5], 0.3));
  assert.ok(Math.abs(same.effectiveRank - 1) < 1e-3 && same.featureDeviation < 1e-6, JSON.stringify(same));
  const basis = Float32Array.from({ length: 36 }, (_, at) => +(at % 7 === 0));
  assert.ok(Math.abs(spreadOf(float32(basis, [6, 6])).effectiveRank - 6) < 1e-6);
  const isotropic = spreadOf(new Rng(1).normals([128, 64]));
  assert.ok(Math.abs(isotropic.featureDeviation - 1) < 0.02, String(isotropic.featureDeviation));
  assert.deepEqual(spreadOf(filled([4, 3], 0)), { effectiveRank: 1, featureDeviation: 0 });
});

test("a warning names the family's likely cause, once until the features recover", () => {
  const watch = collapseWatch(simclr);
  const [good, bad, between] = [
    { effectiveRank: 30, featureDeviation: 0.6 },
    { effectiveRank: 1.3, featureDeviation: 0.4 },
    { effectiveRank: 2, featureDeviation: 0.4 },
  ];
  const said = [good, bad, bad, between, bad, good, bad].map((spread) => watch(spread, 192));
  assert.deepEqual(
    said.map((text) => text !== undefined),
    [false, true, false, false, false, false, true],
  );
  assert.match(said[1]!, /effective rank of 1\.3 of 192.*collapsed; for simclr: .*temperature.*negatives/);
  assert.match(collapseWatch(mae)({ effectiveRank: 9, featureDeviation: 0.001 }, 64)!, /collapsed; for mae: .*warm-up/);
});

test("features are observed for every kind of method, without changing its result", async () => {
  const modality = toyModality(3, 8);
  const settings = { weightDecay: 0, gradientClip: 0, ema: 0, seed: 3, threads: 1, beta2: 0.999 } as const;
  const training = { ...settings, device: "cpu", optimizer: "sgd" } as const;
  const encoders = {
    vit: vit.build(vit.options.parse({ width: 8, depth: 1, heads: 2, patchSize: 4 }), modality.specs),
    resnet: resnet.build(resnet.options.parse({ layers: "8", width: 4, stem: "small" }), modality.specs),
  };
  type Context = Omit<Parameters<typeof simclr.build>[0], "options">;
  const contrast = (context: Context) => simclr.build({ ...context, options: simclr.options.parse({}) });
  const rebuild = (context: Context) => mae.build({ ...context, options: mae.options.parse({}) });
  const ahead = (context: Context) => cpc.build({ ...context, options: cpc.options.parse({}) });
  for (const [build, plain, rows] of [
    [contrast, encoders.vit, 8],
    [contrast, encoders.resnet, 8],
    [rebuild, encoders.vit, 4],
    [ahead, encoders.vit, 4],
  ] as const) {
    const results = [];
    for (const encoder of [plain, observed(plain)]) {
      const method = build({ encoder, modality, samples: 4 });
      const optimizer = optimizerOf(training);
      const state = initialState(method, optimizer, training, new Rng(0));
      const batch = stack([1, 2, 3, 4].map((sample) => method.views(sample, new Rng(sample), noEntry)));
      const step = await compileStep({ method, optimizer, training, state, batch, name: "observed" });
      results.push(await step.run(state, batch, 0, { learningRate: 0, progress: 0 }, true));
      await step.dispose();
    }
    const [without, seen] = results;
    assert.equal(without!.features, undefined);
    assert.equal(seen!.loss, without!.loss);
    assert.deepEqual(seen!.features?.shape, [rows, plain.embedDim]);
    assert.ok(seen!.features.data.some((value) => value !== 0));
  }
});

test("a run logs both, and warns when its features collapse", () =>
  inFolder(async (folder) => {
    const notes: string[] = [];
    const options = await vectorRun(folder);
    const shown: (number | undefined)[] = [];
    const run = await pretrain({
      ...options,
      method: fixture("preset-method.ts"),
      options: { size: 1 },
      encoderOptions: { dropPath: 0 },
      training: { ...options.training, logEvery: 5, epochs: 30, learningRate: 0.1, optimizer: "adamw", weightDecay: 0 },
      onNote: (note) => notes.push(note),
      onProgress: ({ effectiveRank }) => shown.push(effectiveRank),
    });
    const rows = await run.metrics();
    assert.equal(rows.length, 30);
    for (const { effectiveRank = 0, featureDeviation = -1 } of rows)
      assert.ok(effectiveRank >= 1 && effectiveRank <= 4 && featureDeviation >= 0);
    assert.deepEqual(
      shown,
      rows.map(({ effectiveRank }) => effectiveRank),
    );
    assert.equal(notes.filter((note) => /collapsed; for preset/.test(note)).length, 1, notes.join("\n"));
  }));
