import assert from "node:assert/strict";
import { test } from "node:test";
import type * as z from "zod";
import { type Array, constant, int32, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { Params } from "../../src/encoders/encoder.ts";
import { vit } from "../../src/encoders/vit.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const build = (options: z.input<typeof vit.options>, height: number, width = height, channels = 3) =>
  vit.build(vit.options.parse(options), { pixels: { dtype: "float32", shape: [channels, height, width] } });

const tiny = { width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4 } as const;

/** The parts that published models have, by the case in vits.json. */
const published: Readonly<Record<string, z.input<typeof vit.options>>> = {
  "dinov2 with registers": { pooling: "class", positionGrid: [4, 5], antialias: true, layerScale: 1, registers: 3 },
  "dinov2 giant": { pooling: "class", positionGrid: [3, 2], layerScale: 1, mlp: "swiglu" },
  dinov3: {
    ...{ pooling: "class+mean", positions: "rotary", registers: 2, keyBias: false },
    ...{ layerScale: 1, mlp: "swiglu", epsilon: 1e-5 },
  },
  clip: { pooling: "patches", preNorm: true, mlp: "quick-gelu", epsilon: 1e-5 },
};

const builtLike = (name: string) => build({ ...tiny, width: 16, positions: "learned", ...published[name] }, 8, 12);

for (const name of Object.keys(published)) {
  test(`with the parts of ${name}: tokens, output and every gradient as torch's`, async () => {
    const expected = await torchCase("vits", name);
    const network = builtLike(name);
    const inputs = { p: weights(network.init(new Rng(0))), pixels: fill("pixels", [2, 3, 8, 12]) };
    const { output, gradients } = await outputAndGradients(
      ({ p, pixels }: Traced<typeof inputs>) => network.apply(p, { pixels }),
      inputs,
    );
    gradients.delete("pixels");
    assertMatches(output, expected.output, "output");
    assertGradients(gradients, expected);
    const hidden = await evaluateOne((p: Params, given: Array) => network.hidden(p, { pixels: given }), [
      inputs.p,
      inputs.pixels,
    ] as const);
    assertMatches(hidden, expected.hidden, "hidden");
  });

  test(`with the parts of ${name}, kept patches bring their positions, and crops theirs`, async () => {
    const network = builtLike(name);
    const { encode, prefix, classTokens, count } = network.patches;
    const registers = name === "dinov2 with registers" ? 3 : name === "dinov3" ? 2 : 0;
    assert.deepEqual([prefix, classTokens, count], [1 + registers, 1, 6]);
    const params = weights(network.init(new Rng(0)));
    const pixels = fill("pixels", [2, 3, 8, 12]);
    const order = [...[4, 0, 5, 3, 1, 2], ...[2, 5, 1, 0, 4, 3]];
    const [whole, shuffled] = await Promise.all(
      [undefined, int32(order, [2, 6])].map((keep) =>
        evaluateOne((p: Params, x: Array) => encode(p, { pixels: x }, keep ? { keep: constant(keep) } : {}), [
          params,
          pixels,
        ] as const),
      ),
    );
    const tokens = prefix + 6;
    for (const [place, patch] of order.entries()) {
      const sample = Math.floor(place / 6);
      const row = (of: Tensor, at: number) => [
        ...of.data.slice((sample * tokens + at) * 16, (sample * tokens + at + 1) * 16),
      ];
      const [before, after] = [row(whole!, prefix + patch), row(shuffled!, prefix + (place % 6))];
      before.forEach((value, at) => {
        assert.ok(Math.abs(value - after[at]!) < 1e-4);
      });
    }
    const crop = await evaluateOne((p: Params, x: Array) => network.apply(p, { pixels: x }), [
      params,
      fill("crop", [2, 3, 4, 8]),
    ] as const);
    assert.deepEqual(crop.shape, [2, network.embedDim]);
  });
}

test("Xavier's limits are those of each layer, of queries, keys and values together or apart", () => {
  const most = (values: ArrayLike<number>) =>
    globalThis.Array.from(values).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  for (const [initialisation, qkv] of [
    ["xavier", 6 / (64 + 192)],
    ["xavier-apart", 6 / (64 + 64)],
  ] as const) {
    const network = build({ ...tiny, width: 64, initialisation }, 8);
    const byPath = new Map(tree.entries<Tensor>(network.init(new Rng(0))));
    for (const [path, square] of [
      ["blocks.1.attention.qkv.weight", qkv],
      ["blocks.1.attention.output.weight", 6 / 128],
      ["blocks.0.up.weight", 6 / (64 + 128)],
      ["blocks.0.down.weight", 6 / (64 + 128)],
    ] as const) {
      const limit = Math.sqrt(square);
      const found = most(byPath.get(path)!.data);
      assert.ok(found <= limit && found > 0.98 * limit, `${path}: ${found} of ${limit}`);
    }
  }
});

test("options that do not fit each other are refused", () => {
  assert.throws(
    () => build({ ...tiny, positions: "rotary", width: 12 }, 8),
    /heads of a width that is a multiple of 4, not 6/,
  );
  assert.throws(() => build({ ...tiny, positionGrid: 3 }, 8), /for learned ones; these are sincos/);
  assert.throws(() => build({ ...tiny, positions: "learned", positionGrid: [3] }, 8), /1 axes, and the input has 2/);
});
