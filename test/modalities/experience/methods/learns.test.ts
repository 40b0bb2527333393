import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Matrix, solve } from "ml-matrix";
import { Rng } from "../../../../src/array/index.ts";
import type { InitialParams } from "../../../../src/encoders/encoder.ts";
import { openRun, pretrain, type Run } from "../../../../src/index.ts";
import { experience } from "../../../../src/modalities/experience/index.ts";
import { isSeen, vectorAt } from "../../../../src/modalities/experience/sample.ts";
import { extractFeatures } from "../../../../src/training/features.ts";
import { writePucks } from "../../../fixtures/experience/write.ts";

/*
 * A camera sees two pucks, one of which is pushed. Where that one is, is read off the features by ridge regression, in other
 * episodes than those that were learned from.
 */

let folder = "";
const at = (name: string) => join(folder, name);
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-dynamics-"));
  await writePucks(at("train"), { episodes: 80 });
  await writePucks(at("test"), { episodes: 25, seed: 1 });
});
after(() => rm(folder, { recursive: true, force: true }));

/** Features of all frames, with a 1 behind each, and the places of the puck. */
async function seen(run: Run, params: InitialParams, data: string): Promise<{ x: Matrix; y: Matrix }> {
  const source = await experience.open(data);
  const { encoder, modality } = run;
  const features = await extractFeatures({ encoder, params, modality, source });
  const x = Matrix.zeros(features.rows, features.dim + 1);
  const y = Matrix.zeros(features.rows, 2);
  for (let row = 0; row < features.rows; row++) {
    x.setRow(row, [...features.data.subarray(row * features.dim, (row + 1) * features.dim), 1]);
    const sample = await source.read(features.indices[row]!);
    assert.ok(!isSeen(sample));
    y.setRow(row, Array.from(vectorAt(sample, "state")));
  }
  return { x, y };
}

/** R² of the places in new episodes. */
async function explained(run: Run, params: InitialParams): Promise<number> {
  const [train, test] = [await seen(run, params, at("train")), await seen(run, params, at("test"))];
  const products = train.x.transpose().mmul(train.x);
  const ridge = Matrix.eye(products.rows).mul((1e-4 * products.trace()) / products.rows);
  const weights = solve(products.add(ridge), train.x.transpose().mmul(train.y));
  const missed = Matrix.sub(test.y, test.x.mmul(weights));
  const centred = test.y.clone().center("column");
  return 1 - missed.norm() ** 2 / centred.norm() ** 2;
}

for (const [method, options, least] of [
  ["inverse-dynamics", {}, 0.15],
  ["forward-dynamics", {}, 0.15],
  ["time-contrastive", { near: 1, far: 4 }, 0.05],
] as const)
  test(`${method} learns where the puck is: more than its own random weights know`, async (t) => {
    await pretrain({
      ...{ data: at("train"), out: at(method), method, options, encoder: "resnet" },
      encoderOptions: { layers: "8", width: 8, stem: "stride2" },
      modalityOptions: { shift: 1 },
      training: { epochs: 12, batchSize: 64, learningRate: 4e-3, workers: 0, threads: 1, logEvery: 5 },
    });
    const run = await openRun(at(method));
    const untrained = await explained(run, run.encoder.init(new Rng(0)));
    const trained = await explained(run, run.params);
    const losses = (await run.metrics()).map(({ loss }) => loss);
    t.diagnostic(`R² ${untrained.toFixed(3)} → ${trained.toFixed(3)}; loss ${losses[0]} → ${losses.at(-1)}`);
    assert.ok(trained > untrained + least, `R² ${trained}, untrained ${untrained}`);
  });
