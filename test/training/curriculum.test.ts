import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { methods } from "../../src/methods/index.ts";
import { image } from "../../src/modalities/image/index.ts";
import { atStages, openCurriculum, valueOf } from "../../src/training/curriculum.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import type { CurriculumEntry, RunConfig } from "../../src/training/run/config.ts";
import { withCurriculum } from "../../src/training/run/settle/curriculum.ts";
import { settle } from "../../src/training/run/settle.ts";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";
import { fixture, learned, stoppedAndResumed, vectorRun } from "../support/vectors.ts";

const entry = (rest: Partial<CurriculumEntry>): CurriculumEntry => ({
  ...{ option: "x", group: "method", from: 0, to: 9, pace: "linear", stages: 10, whole: false },
  ...rest,
});

test("schedules: first stage, last stage and the path between", () => {
  const at = (pace: CurriculumEntry["pace"], step: number, stages = 10) =>
    openCurriculum([entry({ pace, stages })], 100, { step: 0 }).valuesAt(step)["curriculum/x"];
  assert.deepEqual(
    [0, 9, 10, 55, 89, 90, 99, 100].map((step) => at("linear", step)),
    [0, 0, 1, 5, 8, 9, 9, 9],
  );
  // (1 − cos π/4) / 2 is 0.146, of 3/4 0.854.
  assert.deepEqual(
    [0, 25, 51, 75, 99].map((step) => at("cosine", step)),
    [0, 1, 5, 8, 9],
  );
  assert.deepEqual(
    [0, 49, 50, 99].map((step) => at("step", step, 2)),
    [0, 0, 9, 9],
  );
  assert.deepEqual(valueOf(entry({ from: [0.8, 1], to: [0.2, 1] }), 3), [0.6, 1]);
  assert.equal(valueOf(entry({ from: 16, to: 32, whole: true }), 1), 18);
});

test("competence: the stage rises a window after the loss has stopped falling, or the metric is reached", () => {
  const steps = 600; // windows of ten
  const follow = (of: CurriculumEntry, metricsAt: (done: number) => Record<string, number>) => {
    const curriculum = openCurriculum([of], steps, { step: 0 });
    return Array.from({ length: 100 }, (_, step) => {
      assert.ok(curriculum.horizon() > step + 10, "a window and more is always known");
      const [stage] = curriculum.stagesAt(step);
      const [ahead] = curriculum.stagesAt(curriculum.horizon() - 1);
      curriculum.record(step + 1, metricsAt(step + 1));
      assert.ok(ahead! >= stage!);
      return stage!;
    });
  };
  // Falls by a tenth a window until step 40, then stays: mastered at 50, so the next stage begins at 60.
  const plateau = follow(entry({ pace: "competence" }), (done) => ({ loss: 0.9 ** Math.min(4, Math.ceil(done / 10)) }));
  assert.equal(plateau.indexOf(1), 60);
  // Its first window ends at 70, the second shows no gain at 80, stage 2 begins at 90.
  assert.equal(plateau.indexOf(2), 90);
  const metric = { name: "accuracy", atLeast: 0.8 };
  const reached = follow(entry({ pace: "competence", metric }), (done) => ({ loss: 1, accuracy: done > 20 ? 0.9 : 0 }));
  assert.equal(reached.indexOf(1), 40, "seen at 30, and a window later");
  const falling = follow(entry({ pace: "competence" }), (done) => ({ loss: 100 - done }));
  assert.equal(Math.max(...falling), 0);
  const last = follow(entry({ pace: "competence", stages: 2 }), () => ({ loss: 1 }));
  assert.equal(Math.max(...last), 1);
  const curriculum = openCurriculum([entry({ pace: "competence", metric })], steps, { step: 0 });
  assert.throws(() => curriculum.record(1, { loss: 1, top5: 2 }), /unknown metric accuracy; available: loss, top5/);
});

test("stages given ahead of a step do not change later", () => {
  let noise = 1;
  const random = () => {
    noise = (noise * 16807) % 2147483647;
    return noise / 2147483647;
  };
  const curriculum = openCurriculum([entry({ pace: "competence" })], 1200, { step: 0 });
  const promised = new Map<number, string>();
  for (let step = 0; step < 1200; step++) {
    for (let ahead = step; ahead < curriculum.horizon(); ahead++) {
      const stages = curriculum.stagesAt(ahead).join();
      assert.equal(promised.get(ahead) ?? stages, stages, `step ${ahead}, seen from ${step}`);
      promised.set(ahead, stages);
    }
    curriculum.record(step + 1, { loss: 1 + random() });
  }
  assert.equal(promised.get(1199), "9");
});

for (const [name, curriculum] of Object.entries({
  schedules: ["aim=0.5:2@cosine/3", "noise=0:0.5@linear/5", "weight-decay=0.1:0.01@step", "repeats=1:4@linear/3"],
  competence: ["aim=0.5:2@competence:aimed>-1/3", "noise=0.4:0@competence/3"],
}))
  test(`a run with ${name} logs them and resumes exactly, wherever it stopped`, () =>
    inFolder(async (folder) => {
      const base = await vectorRun(folder);
      const options = {
        ...base,
        method: fixture("paced-method.ts"),
        curriculum,
        training: { ...base.training, epochs: name === "schedules" ? 6 : 10, workers: name === "competence" ? 1 : 0 },
      };
      const whole = await learned(options);
      assert.equal(whole.length, name === "schedules" ? 30 : 50);
      for (const { aimed, step } of whole) assert.ok(Math.abs(aimed!) < 1e-6, `worker and program differ at ${step}`);
      const aims = whole.map((row) => row["curriculum/aim"]!);
      assert.deepEqual([...new Set(aims)], [0.5, 1.25, 2]);
      assert.deepEqual(
        aims,
        aims.toSorted((a, b) => a - b),
      );
      for (const step of [13])
        assert.deepEqual(await stoppedAndResumed({ ...options, out: join(folder, `at-${step}`) }, step), whole);
    }));

/** The settled configuration of a curriculum, for images of 16 pixels. */
async function settled(method: string, ...curriculum: string[]): Promise<RunConfig> {
  const found: RunConfig[] = [];
  await inFolder(async (folder) => {
    await writeImages(folder, 6);
    const source = await image.open(folder);
    const encoderOptions = { width: 8, depth: 1, heads: 2, patchSize: 4 };
    const choices = { data: folder, method, encoder: "vit", encoderOptions };
    const { config } = await settle(choices, image, source);
    found.push(await withCurriculum(config, curriculum, await methods.load(method), image));
    await source.close();
  });
  return found[0]!;
}

test("the important options can be curricula, and config.json has their final values", async () => {
  const { method, modality, curriculum } = await settled(
    "simclr",
    "temperature=0.5:0.1@cosine",
    "cropScale=0.8,1:0.2,1@linear",
    "image-size=8:16@step/3",
    "jitter=0:0.5@competence:accuracy>0.9/5",
  );
  assert.equal(method.options.temperature, 0.1);
  assert.deepEqual(
    [modality.options.cropScale, modality.options.imageSize, modality.options.jitter],
    [[0.2, 1], 16, 0.5],
  );
  assert.deepEqual(curriculum?.[3]?.metric, { name: "accuracy", atLeast: 0.9 });
  assert.equal((await settled("mae", "maskRatio=0.3:0.75@cosine")).method.options.maskRatio, 0.75);
});

test("a curriculum of the weight decay takes the place of the recipe's half cosine", async () => {
  const config = await settled("simclr", "weightDecay=0.1:0.3@linear/3");
  const { curriculum = [] } = config;
  assert.deepEqual([config.training.weightDecay, config.training.finalWeightDecay], [0.3, 0.3]);
  const { training } = atStages(config, curriculum, [0]);
  assert.deepEqual([training.weightDecay, training.finalWeightDecay], [0.1, 0.1]);
});

test("invalid curricula are refused in one line", async () => {
  const refused = async (method: string, text: string, message: RegExp) =>
    assert.rejects(settled(method, text), { name: "UserError", message });
  await refused("mae", "maskRatio", /write option=from:to@pace/);
  await refused("mae", "maskRatio=0.3:0.75@sine", /paces are linear, cosine, step, competence/);
  await refused("mae", "maskRatoi=0.3:0.75@linear", /no.* option maskRatoi \(did you mean maskRatio\?\)/);
  await refused("mae", "maskRatio=0.3:1.5@linear", /maskRatio may not be 1(\.\d+)?$/);
  await refused("mae", "maskRatio=low:1@linear", /low is not a number/);
  await refused("mae", "maskRatio=0.3:0.75@linear/1", /there must be 2 to 1000 stages/);
  await refused("mae", "maskRatio=0.3:0.75@linear:loss>1", /only the pace competence uses a metric/);
  await refused("mae", "epochs=1:2@linear", /epochs cannot change during training/);
  await refused(
    "mae",
    "decoderDepth=1:3@linear/3",
    /decoderDepth 1 and decoderDepth 3 give parameters of different shapes/,
  );
  await refused("mae", "imageSize=10:16@linear/2", /patch size of 4 does not divide/);
  await refused("mae", "cropScale=0.5:0.2,1@linear", /have different lengths/);
  await assert.rejects(settled("mae", "maskRatio=0.3:0.75@linear", "mask-ratio=0.1:0.2@linear"), /twice/);
});

test("resolution, crops and temperature change in a real run; programs that read the same shapes are kept", () =>
  inFolder(async (folder) => {
    const images = join(folder, "images");
    await writeImages(images, 16);
    const run = await pretrain({
      data: images,
      out: join(folder, "run"),
      method: "simclr",
      encoder: "resnet",
      encoderOptions: { layers: "8", width: 4, stem: "stride2" },
      modalityOptions: { imageSize: 16 },
      curriculum: ["imageSize=8:16@step", "cropScale=0.9,1:0.3,1@linear/3"],
      training: { epochs: 3, batchSize: 8, workers: 1, logEvery: 1 },
    });
    const rows = await run.metrics();
    assert.deepEqual(
      rows.map((row) => row["curriculum/imageSize"]),
      [8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16],
    );
    assert.equal(rows[5]?.["curriculum/cropScale/0"], 0.6);
    assert.equal(run.config.modality.options.imageSize, 16);
    const failed = autodidact(
      "pretrain",
      images,
      "--out",
      join(folder, "refused"),
      ...TINY,
      "--curriculum",
      "temperature=0:1@linear",
    );
    assert.equal(failed.code, 2);
    assert.match(failed.stderr, /autodidact: curriculum "temperature=0:1@linear": temperature may not be 0\n$/);
  }));
