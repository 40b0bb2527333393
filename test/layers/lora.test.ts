import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import { vit } from "../../src/encoders/vit.ts";
import { linear } from "../../src/layers/linear.ts";
import { mergeLora, withLora } from "../../src/layers/lora.ts";
import { image } from "../../src/modalities/image/index.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
} from "../fixtures/torch/reference.ts";

test("a layer with LoRA: value and gradients as PyTorch's", async () => {
  const inputs = {
    x: fill("x", [4, 6]),
    layer: {
      weight: fill("weight", [3, 6]),
      bias: fill("bias", [3]),
      loraA: fill("loraA", [2, 6]),
      loraB: fill("loraB", [3, 2]),
    },
  };
  const expected = await torchCase("labels", "lora");
  for (const device of ["cpu", "wasm"] as const) {
    const { output, gradients } = await outputAndGradients(
      ({ x, layer }: Traced<typeof inputs>) => linear(6, 3).apply(layer, x),
      inputs,
      device,
    );
    assertMatches(output, expected.output, `output on ${device}`);
    assertGradients(gradients, expected);
  }
});

test("LoRA changes nothing at first; merged, the encoder computes the same without it", async () => {
  const { specs } = image.build(image.options.parse({ imageSize: 16, channels: 1 }));
  const encoder = vit.build(vit.options.parse({ width: 24, depth: 2, heads: 3, patchSize: 4 }), specs);
  const params = encoder.init(new Rng(1));
  const pixels = fill("pixels", [2, 1, 16, 16]);
  const output = (weights: typeof params) =>
    evaluateOne((p, x) => encoder.apply(p as never, { pixels: x }), [weights, pixels] as const, "cpu");
  const before = [...(await output(params)).data];
  const added = withLora(params, 2, new Rng(2));
  const additions = tree.paths(added).filter((path) => path.includes("lora"));
  // Queries with keys and values, the output, and both layers of the feed-forward part, of each block.
  assert.equal(additions.length, 2 * 4 * 2);
  assertMatches(await output(added), before, "at first");
  const moved = tree.map<Tensor, Tensor>(added, (leaf, path) =>
    path.endsWith("loraB") ? fill(path, leaf.shape, 0.3) : leaf,
  ) as typeof params;
  const changed = [...(await output(moved)).data];
  assert.ok(changed.some((value, at) => Math.abs(value - before[at]!) > 0.01));
  const merged = mergeLora(moved);
  assert.deepEqual(tree.paths(merged), tree.paths(params));
  assertMatches(await output(merged), changed, "merged");
});
