import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { modalities } from "../../../src/data/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { methods } from "../../../src/methods/index.ts";
import { image } from "../../../src/modalities/image/index.ts";
import type { RunChoices } from "../../../src/training/run/choices.ts";
import { readConfig } from "../../../src/training/run/run.ts";
import { settle } from "../../../src/training/run/settle.ts";
import { vectors } from "../../fixtures/vectors/modality.ts";
import { autodidact, inFolder, writeImages } from "../../support/cli.ts";
import { fixture, vectorRun } from "../../support/vectors.ts";

const method = fixture("preset-method.ts");

/** The settled configuration of a run on a few vectors. */
async function settled(choices: Partial<RunChoices>, notes: string[] = []) {
  const found: Awaited<ReturnType<typeof settle>>["config"][] = [];
  await inFolder(async (folder) => {
    const { data, modality, encoder } = await vectorRun(folder);
    const source = await vectors.open(data);
    const onNote = (note: string) => notes.push(note);
    const { config } = await settle({ data, modality, encoder, method, onNote, ...choices }, vectors, source);
    found.push(config);
  });
  return found[0]!;
}

test("precedence is user, preset, recipe, default", async () => {
  const plain = await settled({});
  assert.deepEqual(plain.method.options, { size: 1, scale: 2 });
  assert.deepEqual(plain.encoder.options, { width: 6, dropPath: 0.1 });
  assert.equal(plain.preset, undefined);
  assert.equal(plain.training.epochs, 100);
  assert.equal(plain.training.learningRate, (0.5 * 16) / 256);

  const mixed = await settled({
    preset: "small",
    options: { scale: 5 },
    modalityOptions: { dim: 4 },
    training: { weightDecay: 0.0625 },
  });
  assert.equal(mixed.preset, "small");
  assert.deepEqual(mixed.method.options, { size: 3, scale: 5 });
  assert.deepEqual(mixed.encoder.options, { width: 10, dropPath: 0.5 });
  assert.deepEqual(mixed.modality.options, { dim: 4, noise: 0.75 });
  const { epochs, learningRate, weightDecay, batchSize, optimizer } = mixed.training;
  assert.deepEqual(
    { epochs, learningRate, weightDecay, batchSize, optimizer },
    { epochs: 7, learningRate: 0.375, weightDecay: 0.0625, batchSize: 16, optimizer: "sgd" },
  );
});

test("a preset's encoder is taken unless the user names one, and its settings are of that encoder only", async () => {
  const named = await settled({ preset: "resnet" });
  assert.deepEqual(named.encoder.options, { width: 6, dropPath: 0.1 });
  await inFolder(async (folder) => {
    await writeImages(folder, 8);
    const source = await image.open(folder);
    const onImages = async (choices: Partial<RunChoices>, notes: string[] = []) => {
      const onNote = (note: string) => notes.push(note);
      return (await settle({ data: folder, onNote, ...choices }, image, source)).config;
    };
    const taken = await onImages({ method, preset: "resnet" });
    assert.equal(taken.encoder.name, "resnet");
    assert.equal(taken.encoder.options.layers, "8");
    const notes: string[] = [];
    const other = await onImages({ method: "data2vec", preset: "text" }, notes);
    assert.deepEqual([other.encoder.name, other.encoder.options.size], ["vit", "tiny"]);
    assert.equal(notes[0], "encoder transformer of the preset does not read image data; using vit");
    // The small ViT of DINO's other preset, and no more than its size of one that the user names.
    assert.equal((await onImages({ method: "dino", preset: "small-vit" })).encoder.options.width, 192);
    assert.equal(
      (await onImages({ method: "dino", preset: "small", encoder: "vit" })).encoder.options.width,
      undefined,
    );
    await source.close();
  });
});

test("a preset's settings for other data are ignored", async () => {
  const preset = { options: { scale: 5 }, preset: "elsewhere" };
  const { encoder, modality } = await settled(preset);
  assert.deepEqual(
    [encoder.options, modality.options],
    [
      { width: 10, dropPath: 0.1 },
      { dim: 4, noise: 0.5 },
    ],
  );
});

test("the preset small has a part of the method and a part of the data", () =>
  inFolder(async (folder) => {
    const text = join(folder, "t.txt");
    await writeFile(text, Array.from({ length: 40 }, (_, at) => `line ${at} of ${at * at} short lines\n`).join(""));
    const out = join(folder, "run");
    const fast = "--size tiny --max-length 16 --epochs 1 --batch-size 16 --workers 0".split(" ");
    const ended = autodidact("pretrain", text, "--method", "simclr", "--preset", "small", "--out", out, ...fast);
    assert.equal(ended.code, 0, ended.stderr);
    const { method, encoder, training } = await readConfig(out);
    assert.equal(method.options.temperature, 0.2);
    assert.equal(encoder.name, "transformer");
    assert.equal(training.optimizer, "adamw");
    assert.equal(training.gradientClip, 1);
  }));

test("a run of the previous version is refused", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "config.json"), JSON.stringify({ version: 2 }));
    await assert.rejects(readConfig(folder), {
      name: "UserError",
      message: `${folder}: a run of version 2; this program reads version 5`,
    });
  }));

test("a preset that does not exist is refused, and the small one suggested for few data", async () => {
  await assert.rejects(settled({ preset: "smal" }), {
    name: "UserError",
    message: 'method preset has no preset "smal" (did you mean small?); there are: small, elsewhere, resnet',
  });
  await assert.rejects(settled({ preset: "toString" }), UserError);
  const [without, withPreset]: string[][] = [[], []];
  await settled({}, without);
  await settled({ preset: "small" }, withPreset);
  assert.deepEqual(without, ["the data are few; --preset small suits them: few vectors"]);
  assert.deepEqual(withPreset, []);
});

test("the command line: presets in help, a wrong one refused in one line", () =>
  inFolder(async (folder) => {
    const help = autodidact("pretrain", "--method", method, "--help").stdout;
    assert.match(
      help,
      /Presets of preset:\n +small +few vectors\n +elsewhere +data of another kind\n +resnet +pictures/,
    );
    const images = join(folder, "images");
    await writeImages(images, 6);
    const { code, stderr } = autodidact("pretrain", images, "--out", folder, "--method", method, "--preset", "tiny");
    assert.equal(code, 2);
    assert.match(stderr, /^autodidact: method preset has no preset "tiny"; there are: small, elsewhere, resnet\n$/);
  }));

test("a warm-up ends before the training does, and a teacher needs no average", async () => {
  const warmup = async (training: Record<string, unknown>) =>
    (await settled({ training: { epochs: 4, ...training } })).training.warmupEpochs;
  assert.equal(await warmup({}), 0.4);
  assert.equal(await warmup({ warmupEpochs: 4 }), 4);
  await assert.rejects(warmup({ warmupEpochs: 5 }), { name: "UserError", message: /never reach its peak/ });
  await inFolder(async (folder) => {
    await writeImages(folder, 8);
    const source = await image.open(folder);
    const choices = { data: folder, preset: "small", training: { epochs: 1, batchSize: 4 } };
    const { config } = await settle({ ...choices, method: "simmim" }, image, source);
    assert.equal(config.training.warmupEpochs, 0.5);
    const averaged = { ...choices, method: "dino", training: { ...choices.training, ema: 0.9 } };
    await assert.rejects(settle(averaged, image, source), { name: "UserError", message: /evaluated by its teacher/ });
    await source.close();
  });
});

test("the training follows user, preset, recipe and default, and what belongs together is one source's", async () => {
  const recipes = fixture("recipe-method.ts");
  const training = async (choices: Record<string, unknown>, preset?: string) => {
    const found = await settled({ method: recipes, training: choices, ...(preset ? { preset } : {}) });
    return found.training;
  };
  const papers = await training({});
  const recipe = {
    ...{ optimizer: "sgd", nesterov: true, weightDecay: 0.04, finalWeightDecay: 0.4, warmupEpochs: 5 },
    ...{ schedule: "step", milestones: [0.5, 0.75], finalLearningRate: 0 },
    ...{ gradientClip: 3, clipBy: "parameter", constantRate: ["head"], beta2: 0.999 },
  };
  for (const [option, value] of Object.entries(recipe))
    assert.deepEqual(papers[option as keyof typeof papers], value, option);

  // The preset decays less, and so without an end of its own; its optimiser has no Nesterov, its warm-up is in epochs.
  const small = await training({ epochs: 8 }, "small");
  assert.deepEqual(
    [small.weightDecay, small.finalWeightDecay, small.nesterov, small.warmupEpochs, small.schedule],
    [0.01, 0.01, false, 2, "step"],
  );
  const mine = await training({ warmup: 0.25, finalWeightDecay: 0.02, schedule: "cosine", epochs: 8 }, "small");
  assert.deepEqual(
    [mine.weightDecay, mine.finalWeightDecay, mine.warmupEpochs, mine.schedule, mine.milestones],
    [0.01, 0.02, 2, "cosine", []],
  );
  assert.equal((await training({ warmupEpochs: 0 })).warmupEpochs, 0);
  assert.equal((await training({ weightDecay: 0.3 })).finalWeightDecay, 0.3);

  const plain = (await settled({ training: { weightDecay: 0.5 } })).training;
  const defaults = {
    ...{ nesterov: false, finalWeightDecay: 0.5, schedule: "cosine", milestones: [], finalLearningRate: 0 },
    ...{ gradientClip: 0, clipBy: "all", constantRate: [] },
  };
  for (const [option, value] of Object.entries(defaults))
    assert.deepEqual(plain[option as keyof typeof plain], value, option);
  assert.deepEqual((await settled({ training: { schedule: "step" } })).training.milestones, [0.6, 0.8]);
  // The recipe's rate is for 256 samples a step.
  const several = (await settled({ training: { batchSize: 4, accumulate: 3 } })).training;
  assert.equal(several.learningRate, (0.5 * 12) / 256);
});

test("training options that do nothing beside the others are refused in a line", async () => {
  const refused = async (training: Record<string, unknown>, message: RegExp) =>
    assert.rejects(settled({ training }), { name: "UserError", message });
  await refused({ warmup: 0.1, warmupEpochs: 3 }, /the same in other units; leave one out$/);
  await refused({ optimizer: "lars", nesterov: true }, /nesterov is of the optimizer sgd; this run uses lars$/);
  await refused({ optimizer: "sgd", beta2: 0.9 }, /beta2 is of the optimizer adamw; this run uses sgd$/);
  await refused({ milestones: [0.5] }, /milestones is of the schedule step; this run has cosine$/);
  await refused({ drop: 0.5 }, /drop is of the schedule step; this run has cosine$/);
  await refused({ schedule: "constant", finalLearningRate: 0.1 }, /is of the schedule cosine; this run has constant$/);
  await refused({ clipBy: "parameter" }, /nothing is clipped; set gradientClip, too$/);
});

test("what was settled may be given again, whatever the optimiser and the schedule", async () => {
  for (const optimizer of ["adamw", "sgd", "lars"] as const)
    for (const schedule of ["cosine", "step", "constant"] as const) {
      const { training } = await settled({ training: { optimizer, schedule } });
      assert.deepEqual((await settled({ training })).training, training);
    }
});

test("a modality option that the method replaces is refused, wherever it is set", () =>
  inFolder(async (folder) => {
    await writeImages(folder, 8);
    const source = await image.open(folder);
    const refusal = async (choices: Partial<RunChoices>) => {
      const made = settle({ data: folder, preset: "small", ...choices }, image, source);
      await assert.rejects(made, (error) => error instanceof UserError && / instead$/.test(error.message));
    };
    await refusal({ method: "dino", modalityOptions: { cropScale: [0.5, 1] } });
    await refusal({ method: "dino", curriculum: ["cropScale=0.8,1:0.2,1@linear"] });
    const kinds = await modalities.all();
    for (const name of methods.names) {
      const { replaces = {}, options } = await methods.load(name);
      for (const [option, others] of Object.entries(replaces)) {
        assert.ok(
          kinds.some((kind) => Object.hasOwn(kind.options.shape, option)),
          `${name}: ${option}`,
        );
        for (const other of others.split(" and ")) assert.ok(Object.hasOwn(options.shape, other), `${name}: ${other}`);
      }
    }
    await source.close();
  }));
