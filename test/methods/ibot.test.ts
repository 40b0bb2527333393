import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { dinov2 } from "../../src/methods/dinov2.ts";
import { ibot } from "../../src/methods/ibot.ts";
import { fill, weights } from "../fixtures/torch/reference.ts";
import { cropModality, descend, tenSteps, withNormalPixels } from "./crops.ts";
import { noEntry, stack } from "./toy.ts";

const tinyHead = { prototypes: 8, hiddenDim: 8, bottleneckDim: 4, headLayers: 2, localCrops: 1 };
const vitOf = (pooling: "class" | "mean" = "class") =>
  vit.build(vit.options.parse({ width: 8, depth: 1, heads: 2, mlpRatio: 2, patchSize: 4, pooling }), {
    pixels: { dtype: "float32", shape: [3, 16, 16] },
  });

const builders = {
  ibot: (options: z.input<typeof ibot.options>, encoder = vitOf()) =>
    ibot.build({
      encoder,
      modality: cropModality(3, 16),
      options: ibot.options.parse({ ...tinyHead, ...options }),
      samples: 8,
    }),
  dinov2: (options: z.input<typeof dinov2.options>, encoder = vitOf()) =>
    dinov2.build({
      encoder,
      modality: cropModality(3, 16),
      options: dinov2.options.parse({ ...tinyHead, ...options }),
      samples: 8,
    }),
};

for (const name of ["ibot", "dinov2"] as const) {
  const build = builders[name];

  test(`${name}: half of the crops are masked, with shares in the given range`, () => {
    const method = build({});
    let masked = 0;
    for (let seed = 0; seed < 300; seed++) {
      const views = new Map(tree.entries<Tensor>(method.views(0, new Rng(seed), noEntry)));
      for (const crop of [0, 1]) {
        const mask = views.get(`masks.${crop}`)!;
        assert.deepEqual(mask.shape, [16]);
        const hidden = [...mask.data].reduce((sum, value) => sum + value, 0);
        // Between a tenth and a half of 16 patches.
        assert.ok(hidden === 0 || (hidden >= 2 && hidden <= 8), `${hidden}`);
        if (hidden > 0) masked++;
      }
    }
    // 300 expected, deviation 12.
    assert.ok(Math.abs(masked - 300) < 60, `${masked}`);
    const always = build({ maskProbability: 1, maskRatio: [0.25, 0.25] });
    const views = new Map(tree.entries<Tensor>(always.views(0, new Rng(1), noEntry)));
    assert.equal([...views.get("masks.0")!.data].filter((value) => value === 1).length, 4);
  });

  test(`${name}: ten steps towards a fixed teacher lower the loss; without masks there is no patch loss and the mask token does not change`, async () => {
    const run = async (maskProbability: number) => {
      const method = build({ maskProbability, momentum: 1, ...(name === "ibot" ? { centerMomentum: 1 } : {}) });
      const views = [0, 1, 2, 3].map((at) => method.views(at, new Rng(at), noEntry));
      const batch = withNormalPixels(stack(views), new Rng(3));
      const progress = tenSteps.map(() => 0.5);
      // Not the method's initial weights: a single step turns their outputs of 0.02² in any direction.
      const params = weights(method.init(new Rng(0))) as ReturnType<typeof method.init>;
      return descend(method, batch, { params, progress, learningRate: 0.003, optimizer: "adamw" });
    };
    const left = await run(1);
    assert.ok(left[9]!.loss < left[0]!.loss - 0.02, left.map(({ loss }) => loss).join());
    assert.ok(
      left[9]!.metrics.patchLoss! < left[0]!.metrics.patchLoss!,
      JSON.stringify(left.map(({ metrics }) => metrics)),
    );
    const token = fill("p.maskToken", [8], 0.5).data;
    assert.notDeepEqual(left[9]!.state.get("params.maskToken")!.data, token);
    const bare = await run(0);
    assert.equal(bare[9]!.metrics.patchLoss, 0);
    assert.deepEqual(bare[9]!.state.get("params.maskToken")!.data, token);
  });

  test(`${name} needs a class token`, () => {
    assert.throws(() => build({}, vitOf("mean")), { name: "UserError", message: /--pooling class/ });
  });
}

test("iBOT's centres move by their momentum towards the teacher's output", async () => {
  const run = async (centerMomentum: number) => {
    const method = builders.ibot({ centerMomentum, momentum: 1 });
    const batch = withNormalPixels(stack([0, 1].map((at) => method.views(at, new Rng(at), noEntry))), new Rng(3));
    return descend(method, batch, { progress: [0.2, 0.3], learningRate: 0 });
  };
  const [still, quick, slow] = [await run(1), await run(0), await run(0.9)];
  for (const center of ["memory.center", "memory.patchCenter"]) {
    const at = (left: Awaited<ReturnType<typeof run>>, step: number) => [...left[step]!.state.get(center)!.data];
    assert.ok(at(still, 1).every((value) => value === 0));
    const mean = at(quick, 0);
    assert.ok(mean.some((value) => Math.abs(value) > 1e-3));
    assert.ok(at(slow, 0).every((value, index) => Math.abs(value - 0.1 * mean[index]!) < 1e-6));
    assert.ok(at(slow, 1).every((value, index) => Math.abs(value - 0.19 * mean[index]!) < 1e-6));
  }
});

test("DINOv2 has a separate head for patches, and a weight for KoLeo", async () => {
  const loss = async (koleoWeight: number) => {
    const method = builders.dinov2({ koleoWeight });
    const batch = withNormalPixels(stack([0, 1, 2].map((at) => method.views(at, new Rng(at), noEntry))), new Rng(3));
    const [left] = await descend(method, batch, { progress: [0.2], learningRate: 0 });
    return left!;
  };
  const [without, with_] = [await loss(0), await loss(0.5)];
  // Spread over both global crops.
  assert.ok(Math.abs(with_.loss - without.loss - 0.5 * 2 * without.metrics.koleo!) < 1e-4);
  const paths = [...without.state.keys()];
  assert.ok(paths.includes("params.patchHead.last.weight") && paths.includes("memory.teacher.classHead.last.weight"));
});
