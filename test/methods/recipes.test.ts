import assert from "node:assert/strict";
import { test } from "node:test";
import { methods, type Recipe } from "../../src/methods/index.ts";
import { image } from "../../src/modalities/image/index.ts";
import type { RunChoices } from "../../src/training/run/choices.ts";
import type { TrainingChoices } from "../../src/training/run/config.ts";
import { settleEncoder } from "../../src/training/run/settle/encoder.ts";
import { followed } from "../../src/training/run/settle/follow.ts";
import { requestedTraining, settleTraining } from "../../src/training/run/settle/training.ts";

/** In 100 epochs on 100,000 samples, on a device that batches are not cut for. */
const settledOf = (recipe: Recipe, training: TrainingChoices = {}) => {
  const choices = { data: "some", training: { device: "cuda" as const, epochs: 100, ...training } };
  return settleTraining(choices, requestedTraining(choices, {}), recipe, { length: 100_000 });
};

/** Batch, peak, optimiser; epochs of warm-up of 100; and what else is unusual. Sources: each method's docstring. */
const adamw = "adamw";
const table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  dino: {
    ...{
      optimizer: adamw,
      batchSize: 1024,
      learningRate: 2e-3,
      warmupEpochs: 10,
      gradientClip: 3,
      clipBy: "parameter",
    },
    ...{ weightDecay: 0.04, finalWeightDecay: 0.4, finalLearningRate: 5e-4 },
  },
  ibot: {
    ...{
      optimizer: adamw,
      batchSize: 1024,
      learningRate: 2e-3,
      warmupEpochs: 10,
      gradientClip: 3,
      clipBy: "parameter",
    },
    ...{ weightDecay: 0.04, finalWeightDecay: 0.4, finalLearningRate: 5e-4 },
  },
  dinov2: {
    ...{ optimizer: adamw, batchSize: 1024, learningRate: 4e-3, warmupEpochs: 10, gradientClip: 3, clipBy: "all" },
    ...{ weightDecay: 0.04, finalWeightDecay: 0.4, finalLearningRate: 2.5e-4 },
  },
  msn: {
    ...{ optimizer: adamw, batchSize: 1024, learningRate: 1e-3, warmupEpochs: 1.875, gradientClip: 3, clipBy: "all" },
    ...{ weightDecay: 0.04, finalWeightDecay: 0.4, finalLearningRate: 1e-3 },
  },
  "i-jepa": {
    ...{ optimizer: adamw, batchSize: 2048, learningRate: 1e-3, warmupEpochs: 40 / 3, gradientClip: 0 },
    ...{ weightDecay: 0.04, finalWeightDecay: 0.4, finalLearningRate: 1e-3 },
  },
  beit: {
    ...{ optimizer: adamw, batchSize: 2048, learningRate: 1.5e-3, warmupEpochs: 1.25, gradientClip: 3, clipBy: "all" },
    ...{ weightDecay: 0.05, finalWeightDecay: 0.05, finalLearningRate: 1 / 150 },
  },
  data2vec: {
    ...{ optimizer: adamw, batchSize: 2048, learningRate: 2e-3, warmupEpochs: 1.25, gradientClip: 3, clipBy: "all" },
    ...{ weightDecay: 0.05, finalLearningRate: 5e-3 },
  },
  simmim: {
    ...{ optimizer: adamw, batchSize: 2048, learningRate: 4e-4, warmupEpochs: 1.25, gradientClip: 5, clipBy: "all" },
    ...{ weightDecay: 0.05, schedule: "step", milestones: [0.875] },
  },
  aim: { optimizer: adamw, batchSize: 4096, learningRate: 1e-3, beta2: 0.95, weightDecay: 0.05, gradientClip: 1 },
  mae: { optimizer: adamw, batchSize: 4096, learningRate: 2.4e-3, beta2: 0.95, weightDecay: 0.05, warmupEpochs: 5 },
  "moco-v3": { optimizer: adamw, batchSize: 4096, learningRate: 2.4e-3, weightDecay: 0.1, warmupEpochs: 40 / 3 },
  lejepa: { optimizer: adamw, batchSize: 256, learningRate: 2e-3, finalLearningRate: 0.5, warmupEpochs: 1 / 8 },
  "moco-v2": {
    optimizer: "sgd",
    batchSize: 256,
    learningRate: 0.03,
    weightDecay: 1e-4,
    warmupEpochs: 0,
    nesterov: false,
  },
  simsiam: { optimizer: "sgd", batchSize: 512, learningRate: 0.1, warmupEpochs: 0, constantRate: ["predictor"] },
  "instance-discrimination": {
    ...{ optimizer: "sgd", batchSize: 256, learningRate: 0.03, warmupEpochs: 0, weightDecay: 1e-4 },
    ...{ schedule: "step", milestones: [0.6, 0.8] },
  },
  rotation: {
    ...{ optimizer: "sgd", nesterov: true, batchSize: 128, learningRate: 0.1, weightDecay: 5e-4, warmupEpochs: 0 },
    ...{ schedule: "step", milestones: [0.3, 0.6, 0.8], drop: 0.2 },
  },
  jigsaw: {
    ...{ optimizer: "sgd", batchSize: 256, learningRate: 0.01, weightDecay: 5e-4, warmupEpochs: 0 },
    ...{ schedule: "step", milestones: [2 / 7, 4 / 7, 6 / 7], drop: 0.1 },
  },
  deepcluster: { optimizer: "sgd", batchSize: 256, learningRate: 0.05, schedule: "constant", warmupEpochs: 0 },
  dcl: { optimizer: "sgd", batchSize: 256, learningRate: 0.03, weightDecay: 1e-4 },
  swav: { optimizer: "larc", batchSize: 4096, learningRate: 4.8, finalLearningRate: 1e-3, warmupEpochs: 2.5 },
  simclr: { optimizer: "lars", batchSize: 4096, learningRate: 4.8, weightDecay: 1e-6, warmupEpochs: 10 },
  byol: { optimizer: "lars", batchSize: 4096, learningRate: 3.2, weightDecay: 1.5e-6, warmupEpochs: 10 },
  nnclr: { optimizer: "lars", batchSize: 4096, learningRate: 4.8, weightDecay: 1e-6, warmupEpochs: 10 },
  "barlow-twins": { optimizer: "lars", batchSize: 2048, learningRate: 1.6, finalLearningRate: 1e-3, warmupEpochs: 10 },
  vicreg: { optimizer: "lars", batchSize: 2048, learningRate: 1.6, finalLearningRate: 1e-3, warmupEpochs: 10 },
  fixmatch: {
    ...{ optimizer: "sgd", nesterov: true, batchSize: 512, learningRate: 0.03, weightDecay: 5e-4, warmupEpochs: 0 },
    ...{ finalLearningRate: 0.19509 },
  },
};

for (const [name, expected] of Object.entries(table))
  test(`${name}'s recipe is its paper's`, async () => {
    const { recipe } = await methods.load(name);
    const settled: Readonly<Record<string, unknown>> = settledOf(recipe);
    for (const [option, value] of Object.entries(expected)) {
      const found = settled[option];
      if (typeof value === "number" && typeof found === "number")
        assert.ok(Math.abs(found - value) <= 1e-4 * Math.abs(value), `${option} is ${found}, not ${value}`);
      else assert.deepEqual(found, value, option);
    }
  });

test("what a paper's encoder has is asked for: drop-path and LayerScale", async () => {
  const asked = async (name: string) => {
    const { encoderOptions, encoderRecipe } = await methods.load(name);
    const { dropPath = 0, layerScale = 0 } = { ...encoderOptions, ...encoderRecipe };
    return [dropPath, layerScale];
  };
  assert.deepEqual(await asked("dino"), [0.1, 0]);
  assert.deepEqual(await asked("dinov2"), [0.3, 1e-5]);
  assert.deepEqual(await asked("beit"), [0.1, 0.1]);
  assert.deepEqual(await asked("data2vec"), [0.25, 1e-4]);
  assert.deepEqual(await asked("simmim"), [0.1, 0.1]);
});

test("the teacher's temperature rises over 30 epochs: of 300 in DINO, of 100 in DINOv2", async () => {
  const share = async (name: string) => (await methods.load(name)).options.parse({}).teacherWarmup;
  assert.deepEqual([await share("dino"), await share("dinov2")], [0.1, 0.3]);
});

/** The options of a method that follow its circumstances, and the notes about them. */
async function following(name: string, batchSize: number, samples: number, chosen: Record<string, unknown> = {}) {
  const definition = await methods.load(name);
  const options = definition.options.parse(chosen);
  const notes: string[] = [];
  const settled = followed(
    { options: chosen, onNote: (note) => notes.push(note) },
    definition,
    {},
    {
      ...{ batchSize, perUpdate: batchSize, samples, options },
    },
  );
  return { settled, notes };
}

test("in small batches SwAV has a queue, and DINO's and iBOT's teachers are slower; each is noted", async () => {
  const swav = await following("swav", 256, 50_000);
  assert.equal(swav.settled.queueLength, 3840);
  assert.match(
    swav.notes.join(),
    /^swav: queueLength is 3840, not the paper's 0: the authors' queue for batches of 256$/,
  );
  assert.deepEqual((await following("swav", 4096, 50_000)).notes, []);
  assert.equal((await following("swav", 256, 50_000, { queueLength: 128 })).settled.queueLength, 128);
  for (const name of ["dino", "ibot"]) {
    assert.equal((await following(name, 256, 50_000)).settled.momentum, 0.9995);
    assert.equal((await following(name, 1024, 50_000)).settled.momentum, 0.996);
    assert.equal((await following(name, 64, 50_000, { momentum: 0.99 })).settled.momentum, 0.99);
  }
});

test("a queue of keys is no longer than the data, in whole batches", async () => {
  const { settled, notes } = await following("moco-v2", 256, 5000);
  assert.equal(settled.queueSize, 4864);
  assert.match(notes.join(), /queueSize is 4864, not the paper's 65536: no more than the 5000 samples/);
  assert.equal((await following("moco-v2", 256, 1_000_000)).settled.queueSize, 65_536);
  assert.equal((await following("nnclr", 128, 100)).settled.queueSize, 128);
});

test("in a combination each method's options follow under the names that they have there", async () => {
  const { settled, notes } = await following("dino+moco-v2", 256, 1000);
  const values = Object.values(settled);
  assert.ok(values.includes(0.9995) && values.includes(768), JSON.stringify(settled));
  assert.equal(notes.length, 2);
});

test("a preset's own values stay: what it was measured with", async () => {
  const definition = await methods.load("dino");
  const options = definition.options.parse(definition.presets!.small!.options);
  const circumstances = { batchSize: 64, perUpdate: 64, samples: 1000, options };
  const settled = followed({}, definition, { preset: definition.presets!.small! }, circumstances);
  assert.deepEqual(settled, options);
});

test("LayerScale is of the paper's encoder, unless training starts from another, a preset or the user says otherwise", async () => {
  const of = async (name: string, choices: Partial<RunChoices>, presets = {}) => {
    const definition = await methods.load(name);
    const settled = await settleEncoder({ data: "some", ...choices }, definition, presets, image);
    return settled.options.layerScale;
  };
  assert.equal(await of("dinov2", {}), 1e-5);
  assert.equal(await of("beit", { encoderOptions: { layerScale: 0 } }), 0);
  assert.equal(await of("beit", { encoderDefaults: { width: 192, heads: 3 } }), 0);
  assert.equal(await of("beit", { encoderDefaults: { layerScale: 1 } }), 1);
  const { presets } = await methods.load("dinov2");
  assert.equal(await of("dinov2", {}, { wanted: "small", preset: presets?.small, small: image.small }), 0);
  await assert.rejects(of("dinov2+beit", {}), /layerScale|dropPath/);
});
