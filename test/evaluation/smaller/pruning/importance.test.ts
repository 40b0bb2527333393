import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Array,
  constant,
  float32,
  Rng,
  scalar,
  type Tensor,
  type TreeRecord,
  tree,
} from "../../../../src/array/index.ts";
import type { Params } from "../../../../src/encoders/index.ts";
import { compile } from "../../../../src/engine/index.ts";
import { taylor } from "../../../../src/evaluation/smaller/pruning/importance.ts";
import { prunable } from "../../../../src/evaluation/smaller/pruning/prunable.ts";
import { stackViews } from "../../../../src/training/data/loader-task.ts";
import { pretrain } from "../../../../src/training/pretrain.ts";
import { buildMethod } from "../../../../src/training/run/run.ts";
import { inFolder, writeImages } from "../../../support/cli.ts";

test("Taylor's importance is the squared slope of the loss along the weights of a head or a unit", () =>
  inFolder(async (folder) => {
    const data = join(folder, "images");
    await writeImages(data, 4);
    const learned = await pretrain({
      data,
      out: join(folder, "run"),
      method: "rotation",
      encoder: "vit",
      encoderOptions: { width: 8, depth: 1, heads: 2, mlpRatio: 1, patchSize: 8 },
      modalityOptions: { imageSize: 16 },
      training: { epochs: 1, batchSize: 8, workers: 0, optimizer: "adamw", learningRate: 1e-3 },
    });
    // Weights as large as a long training leaves them: the slopes stand out from float32's rounding.
    const grown = tree.map<Tensor, Tensor>(learned.methodParams, (leaf) =>
      float32(
        Float32Array.from(leaf.data, (value) => (leaf.shape.length > 1 ? 25 * value : value)),
        [...leaf.shape],
      ),
    ) as typeof learned.methodParams;
    const run = { ...learned, methodParams: grown, params: grown.encoder };
    const source = await run.modalityDefinition.open(data);
    const { structures } = prunable.vit!(run.encoder, run.params);
    const [heads, units] = await taylor({ run, source, structures, batches: 1 });

    // The same batch, from the same random streams.
    const { method } = await buildMethod(run.config, source.length);
    const rng = new Rng(run.config.training.seed).split("importance");
    const views: TreeRecord<Tensor>[] = [];
    for (const index of rng.split("order", 0).permutation(source.length)) {
      const own = rng.split("views", 0, index);
      views.push(method.views(await source.read(index), own, { index, label: -1 }));
    }
    await source.close();
    const batch = tree.map<Tensor, Array>(tree.fromEntries(stackViews(views)), (leaf) => constant(leaf));
    const program = await compile(
      (params: Params, progress: Array) => [
        method.loss(params as never, batch as TreeRecord<Array>, {}, { progress }).loss,
      ],
      [run.methodParams, scalar(1)],
    );
    const lossAt = async (scale: number, isOwn: (path: string, index: number) => boolean) => {
      const params = tree.map<Tensor, Tensor>(run.methodParams, (leaf, path) =>
        float32(
          Float32Array.from(leaf.data, (value, index) => (isOwn(path, index) ? value * scale : value)),
          [...leaf.shape],
        ),
      );
      const [loss] = await program.run(params, scalar(1));
      return (await loss!.read()).data[0]!;
    };
    const slope = async (isOwn: (path: string, index: number) => boolean) =>
      ((await lossAt(1.02, isOwn)) - (await lossAt(0.98, isOwn))) / 0.04;
    const near = (found: number, expected: number, what: string) =>
      assert.ok(
        Math.abs(Math.sqrt(found) - Math.abs(expected)) < 0.03 * Math.abs(expected) + 2e-5,
        `${what}: ${Math.sqrt(found)} for ${expected}`,
      );
    for (const head of [0, 1])
      near(
        heads![head]!,
        await slope((path, index) => {
          if (path.endsWith("qkv.weight")) return Math.floor((Math.floor(index / 8) % 8) / 4) === head;
          if (path.endsWith("qkv.bias")) return Math.floor((index % 8) / 4) === head;
          return path.endsWith("attention.output.weight") && Math.floor((index % 8) / 4) === head;
        }),
        `head ${head}`,
      );
    for (const unit of [0, 5])
      near(
        units![unit]!,
        await slope((path, index) => {
          if (path.endsWith("up.weight")) return Math.floor(index / 8) === unit;
          if (path.endsWith("up.bias")) return index === unit;
          return path.endsWith("down.weight") && index % 8 === unit;
        }),
        `unit ${unit}`,
      );
    assert.ok(Math.max(...heads!) > 1e-4 && Math.max(...units!) > 1e-6);
    await program.dispose();
  }));
