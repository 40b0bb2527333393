/** What an untrained encoder's statistics come from: the same views, in the same way, as a trained one's. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { isStatistic } from "../../src/layers/scope.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import type { Run } from "../../src/training/run/run.ts";
import { untrainedParams, withStatistics } from "../../src/training/untrained.ts";
import { inFolder, writeImages } from "../support/cli.ts";

const common = {
  encoder: "resnet",
  encoderOptions: { layers: "8", width: 4, stem: "stride2" },
  training: { epochs: 25, batchSize: 12, workers: 0, threads: 1, learningRate: 1e-12, weightDecay: 0, warmupEpochs: 0 },
} as const;

/** The mean difference of two encoders' running variances, in logarithms. */
function apart(one: Run["params"], other: Run["params"]): number {
  const others = new Map(tree.entries<Tensor>(other));
  const differences = tree
    .entries<Tensor>(one)
    .filter(([path]) => path.endsWith("runningVariance"))
    .flatMap(([path, { data }]) =>
      [...data].map((value, at) => Math.abs(Math.log(value) - Math.log(others.get(path)!.data[at]!))),
    );
  return differences.reduce((sum, value) => sum + value, 0) / differences.length;
}

const dino = { prototypes: 8, hiddenDim: 8, bottleneckDim: 4, localCrops: 2, localSide: 0.5, momentum: 1 };

for (const [method, options] of [
  ["simclr", {}],
  ["dino", dino],
  ["rotation+dino", dino],
] as const)
  test(`${method}: a run that learns nothing has the statistics that its untrained encoder is given`, () =>
    inFolder(async (folder) => {
      const data = join(folder, "images");
      await writeImages(data, 18);
      const run = await pretrain({ ...common, data, out: join(folder, "run"), method, options });
      const source = await run.modalityDefinition.open(data);
      const bare = tree.map<Tensor, Tensor>(run.params, (leaf, path) => ({
        ...leaf,
        data: isStatistic(path) ? leaf.data.slice().fill(path.endsWith("Variance") ? 1 : 0) : leaf.data,
      })) as Run["params"];
      const given = await withStatistics(run.config, bare, source, 1);
      // Distillation without a teacher cannot be built: the images themselves are used.
      const plain = { ...run.config, method: { name: "distill", options: {} } };
      const ofImages = await withStatistics(plain, bare, source, 1);
      const [near, far] = [apart(given, run.params), apart(ofImages, run.params)];
      assert.ok(near < 0.2 && near < far / 2, `${near} from the run's, those of the images ${far}`);
      await source.close();
    }));

test("an untrained encoder has the weights of its seed, whatever the method", () =>
  inFolder(async (folder) => {
    const data = join(folder, "images");
    await writeImages(data, 6);
    const training = { ...common.training, epochs: 1 };
    const run = await pretrain({ ...common, training, data, out: join(folder, "run"), method: "simclr" });
    const source = await run.modalityDefinition.open(data);
    const untrained = new Map(tree.entries<Tensor>(await untrainedParams(run.config, source, 5)));
    for (const [path, leaf] of tree.entries<Tensor>(run.encoder.init(new Rng(5))))
      if (isStatistic(path)) assert.notDeepEqual(untrained.get(path)!.data, leaf.data, path);
      else assert.deepEqual(untrained.get(path)!.data, leaf.data, path);
    await source.close();
  }));
