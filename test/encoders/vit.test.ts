import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type * as z from "zod";
import {
  type Array,
  constant,
  filled,
  float32,
  int32,
  isArray,
  np,
  Rng,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../../src/array/index.ts";
import type { Inputs, Params } from "../../src/encoders/encoder.ts";
import { vit } from "../../src/encoders/vit.ts";
import { layerNorm } from "../../src/layers/norms/layer-norm.ts";
import { inTraining } from "../../src/layers/scope.ts";
import { resizePositions, sinCosPositions } from "../../src/layers/transformer/positions.ts";
import {
  assertGradients,
  assertMatches,
  evaluate,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
  ZeroRng,
} from "../fixtures/torch/reference.ts";

const build = (options: z.input<typeof vit.options>, height: number, width = height, channels = 3) =>
  vit.build(vit.options.parse(options), { pixels: { dtype: "float32", shape: [channels, height, width] } });

const tiny = { width: 8, depth: 2, heads: 2, mlpRatio: 2, patchSize: 4 } as const;

// timm's vit_tiny, small and base _patch16_224 without the head.
for (const [size, expected] of [
  ["tiny", 5_524_416],
  ["small", 21_665_664],
  ["base", 85_798_656],
] as const)
  test(`vit ${size} has timm's ${expected} parameters`, () => {
    const network = build({ size, pooling: "class", positions: "learned" }, 224);
    assert.equal(network.hyperparameters.patchSize, 16);
    const leaves = tree.leaves<Tensor>(network.init(new ZeroRng()));
    assert.equal(
      leaves.reduce((sum, leaf) => sum + leaf.data.length, 0),
      expected,
    );
  });

for (const pooling of ["class", "mean", "distilled"] as const)
  for (const positions of ["learned", "sincos"] as const)
    test(`${pooling} pooling, ${positions} positions: output and every gradient as torch's`, async () => {
      const expected = await torchCase("models", `vit ${pooling} ${positions}`);
      const network = build({ ...tiny, pooling, positions }, 8, 12);
      const inputs = { p: weights(network.init(new Rng(0))) };
      const pixels = fill("pixels", [2, 3, 8, 12]);
      for (const device of ["cpu", "wasm"] as const) {
        const both = { ...inputs, pixels };
        const { output, gradients } = await outputAndGradients(
          ({ p, pixels }: Traced<typeof both>) => network.apply(p, { pixels }),
          both,
          device,
        );
        gradients.delete("pixels");
        assertMatches(output, expected.output, `output on ${device}`);
        assertGradients(gradients, expected);
      }
      const hidden = await evaluateOne((p: Params, given: Array) => network.hidden(p, { pixels: given }), [
        inputs.p,
        pixels,
      ] as const);
      assertMatches(hidden, expected.hidden, "hidden");
    });

const tokensOf = (network: ReturnType<typeof build>) => {
  assert.ok(network.patches);
  return network.patches;
};

test("patches lie row by row, and within one: row, column, channel", async () => {
  const network = build({ ...tiny, patchSize: 2 }, 4, 6, 2);
  const tokens = tokensOf(network);
  assert.deepEqual([tokens.grid, tokens.count, tokens.patchDim], [[2, 3], 6, 8]);
  // A pixel's value is its place: row, column, channel as digits.
  const at = (channel: number, row: number, column: number) => 100 * row + 10 * column + channel;
  const values = [0, 1].flatMap((c) => [0, 1, 2, 3].flatMap((r) => [0, 1, 2, 3, 4, 5].map((x) => at(c, r, x))));
  const patches = await evaluateOne(
    (inputs: Inputs) => tokens.patchify(inputs),
    [{ pixels: float32(values, [1, 2, 4, 6]) }],
  );
  assert.deepEqual(patches.shape, [1, 6, 8]);
  // Patch 5: rows 2–3, columns 4–5.
  assert.deepEqual([...patches.data.slice(40)], [240, 241, 250, 251, 340, 341, 350, 351]);
  const back = await evaluateOne((x: Array) => tokens.unpatchify(x), [patches]);
  assert.deepEqual(back.shape, [1, 2, 4, 6]);
  assert.deepEqual([...back.data], values);
});

test("with every patch kept in order, `keep` changes nothing; otherwise tokens follow its order", async () => {
  for (const pooling of ["class", "mean"] as const) {
    const network = build({ ...tiny, pooling, positions: "learned" }, 8);
    const { encode, prefix } = tokensOf(network);
    const params = weights(network.init(new Rng(0)));
    const pixels = fill("pixels", [2, 3, 8, 8]);
    const whole = await evaluateOne((p: Params, x: Array) => encode(p, { pixels: x }), [params, pixels] as const);
    const kept = (keep: Tensor) =>
      evaluateOne((p: Params, x: Array, indices: Array) => encode(p, { pixels: x }, { keep: indices }), [
        params,
        pixels,
        keep,
      ] as const);
    const inOrder = await kept(int32([0, 1, 2, 3, 0, 1, 2, 3], [2, 4]));
    const shuffled = await kept(int32([2, 0, 3, 1, 1, 3, 0, 2], [2, 4]));
    const rows = [...[2, 0, 3, 1], ...[1, 3, 0, 2]];
    assert.equal(prefix, pooling === "class" ? 1 : 0);
    for (let i = 0; i < 8; i++)
      for (let d = 0; d < 8; d++) {
        const sample = Math.floor(i / 4);
        const token = (index: number) => (sample * (prefix + 4) + prefix + index) * 8 + d;
        assert.ok(Math.abs(whole.data[token(i % 4)]! - inOrder.data[token(i % 4)]!) < 1e-5);
        assert.ok(Math.abs(whole.data[token(rows[i]!)]! - shuffled.data[token(i % 4)]!) < 1e-5);
      }
  }
});

test("the context of the patches' embeddings is the encoded input, masked ones too", async () => {
  for (const pooling of ["class", "mean"] as const) {
    const network = build({ ...tiny, pooling, positions: "learned" }, 8);
    const { latents, context, latentDim, count } = network.latents;
    const params = weights(network.init(new Rng(0)));
    const pixels = fill("pixels", [2, 3, 8, 8]);
    const at = float32([0, 1, 1, 0, 1, 0, 0, 0], [2, 4]);
    const token = fill("token", [8]);
    const embedded = await evaluateOne((p: Params, x: Array) => latents(p, { pixels: x }), [params, pixels] as const);
    assert.deepEqual(embedded.shape, [2, count, latentDim]);
    const both = (what: (p: Params, x: Array, masked: { at: Array; token: Array }) => Array, x: Tensor) =>
      evaluateOne((p: Params, given: Array, where: Array, mask: Array) => what(p, given, { at: where, token: mask }), [
        params,
        x,
        at,
        token,
      ] as const);
    const fromEmbeddings = await both((p, x, masked) => context(p, x, { masked }), embedded);
    const whole = await both((p, x, masked) => network.tokens.encode(p, { pixels: x }, { masked }), pixels);
    assert.deepEqual(fromEmbeddings.shape, whole.shape);
    fromEmbeddings.data.forEach((value, index) => {
      assert.ok(Math.abs(value - whole.data[index]!) < 1e-5);
    });
  }
});

test("patches that are not kept never influence the output", async () => {
  const network = build({ ...tiny, pooling: "class" }, 16);
  const { encode, count } = tokensOf(network);
  const params = weights(network.init(new Rng(0)));
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const rng = new Rng(seed);
      const order = rng.permutation(count);
      const keep = int32(order.slice(0, 4), [1, 4]);
      const pixels = rng.normals([1, 3, 16, 16]);
      const changed = float32(Float32Array.from(pixels.data), pixels.shape);
      for (const patch of order.slice(4))
        for (let channel = 0; channel < 3; channel++)
          for (let i = 0; i < 16; i++) {
            const row = Math.floor(patch / 4) * 4 + Math.floor(i / 4);
            changed.data[channel * 256 + row * 16 + (patch % 4) * 4 + (i % 4)] = rng.normal(0, 100);
          }
      const forward = (p: Params, x: Array, indices: Array) => encode(p, { pixels: x }, { keep: indices });
      const before = await evaluateOne(forward, [params, pixels, keep] as const);
      const after = await evaluateOne(forward, [params, changed, keep] as const);
      assert.deepEqual(before.shape, [1, 5, 8]);
      assert.deepEqual(after.data, before.data);
    }),
    { numRuns: 5 },
  );
});

for (const pooling of ["class", "mean", "distilled"] as const)
  for (const positions of ["learned", "sincos"] as const)
    test(`a crop is read as by an encoder of its size with resized positions, ${pooling} pooling, ${positions}`, async () => {
      const network = build({ ...tiny, pooling, positions }, 16, 12);
      const params = weights(network.init(new Rng(0)));
      const pixels = fill("pixels", [2, 3, 8, 20]);
      const cropped = await evaluateOne((p: Params, x: Array) => network.apply(p, { pixels: x }), [
        params,
        pixels,
      ] as const);
      // The same positions as learned ones of an encoder built for 8 × 20: 2 × 5 patches over the 4 × 3.
      const prefix = { mean: 0, class: 1, distilled: 2 }[pooling];
      const places = await evaluateOne(
        (p: Params) => {
          if (!isArray(p.positions)) return constant(sinCosPositions([2, 5], 8, [4, 3]));
          const ofPatches = prefix ? np.split(p.positions, [prefix], 0)[1]! : p.positions;
          return np.matmul(constant(resizePositions([4, 3], [2, 5])), ofPatches);
        },
        [params],
      );
      const ofClass = new Float32Array(prefix * 8);
      const leaves = new Map(tree.entries<Tensor>(params));
      if (positions === "learned") ofClass.set(leaves.get("positions")!.data.slice(0, ofClass.length));
      const all = float32([...ofClass, ...places.data], [prefix + 10, 8]);
      const native = build({ ...tiny, pooling, positions: "learned" }, 8, 20);
      const expected = await evaluateOne((p: Params, x: Array) => native.apply(p, { pixels: x }), [
        { ...params, positions: all },
        pixels,
      ] as const);
      assert.equal(cropped.shape[1], 8);
      cropped.data.forEach((value, index) => {
        assert.ok(Math.abs(value - expected.data[index]!) < 1e-5);
      });
    });

test("a crop that is not a whole number of patches is refused", async () => {
  const network = build(tiny, 16);
  const reading = evaluateOne((p: Params, x: Array) => network.apply(p, { pixels: x }), [
    network.init(new Rng(0)),
    fill("pixels", [1, 3, 10, 10]),
  ] as const);
  await assert.rejects(reading, /input of 10 × 10 is not a whole number of patches of 4 × 4/);
});

test("the mask token replaces the embeddings of masked patches, also with `keep`", async () => {
  for (const pooling of ["class", "mean"] as const) {
    const network = build({ ...tiny, pooling, positions: "learned" }, 8);
    const { encode } = tokensOf(network);
    const params = weights(network.init(new Rng(0)));
    const pixels = fill("pixels", [2, 3, 8, 8]);
    const at = float32([0, 1, 1, 0, 1, 0, 0, 0], [2, 4]);
    // A black patch's embedding is the bias: with the bias as token, masking is the same as blackening.
    const token = new Map(tree.entries<Tensor>(params)).get("patch.bias")!;
    const black = float32(Float32Array.from(pixels.data), pixels.shape);
    for (let i = 0; i < black.data.length; i++) {
      const patch = (Math.floor(i / 32) % 2) * 2 + (Math.floor(i / 4) % 2);
      if (at.data[Math.floor(i / 192) * 4 + patch] === 1) black.data[i] = 0;
    }
    for (const keep of [undefined, int32([1, 3, 2, 0], [2, 2])]) {
      const kept = () => (keep ? { keep: constant(keep) } : {});
      const masked = await evaluateOne(
        (p: Params, x: Array, where: Array, mask: Array) =>
          encode(p, { pixels: x }, { ...kept(), masked: { at: where, token: mask } }),
        [params, pixels, at, token] as const,
      );
      const expected = await evaluateOne((p: Params, x: Array) => encode(p, { pixels: x }, kept()), [
        params,
        black,
      ] as const);
      masked.data.forEach((value, index) => {
        assert.ok(Math.abs(value - expected.data[index]!) < 1e-6, `${value}, not ${expected.data[index]}`);
      });
    }
    const { gradients } = await outputAndGradients(
      ({ mask }: { mask: Array }) =>
        encode(
          tree.map<Tensor, Array>(params, constant) as Params,
          { pixels: constant(pixels) },
          {
            masked: { at: constant(at), token: mask },
          },
        ),
      { mask: fill("token", [8]) },
    );
    assert.ok(gradients.get("mask")!.data.every((value) => Math.abs(value) > 1e-6));
  }
});

test("the outputs of the blocks are those of encoders cut off after each", async () => {
  const network = build({ ...tiny, pooling: "class" }, 8);
  const { blocks } = tokensOf(network);
  const params = weights(network.init(new Rng(0)));
  const pixels = fill("pixels", [2, 3, 8, 8]);
  const both = tree.leaves<Tensor>(
    await evaluate((p: Params, x: Array) => blocks(p, { pixels: x }), [params, pixels] as const),
  );
  assert.deepEqual(
    both.map(({ shape }) => shape),
    [
      [2, 5, 8],
      [2, 5, 8],
    ],
  );
  for (const depth of [1, 2]) {
    const shallow = build({ ...tiny, pooling: "class", depth }, 8);
    const normed = await evaluateOne((p: Params, x: Array) => tokensOf(shallow).encode(p, { pixels: x }), [
      params,
      pixels,
    ] as const);
    const ours = await evaluateOne(
      (p: { norm: { scale: Array; shift: Array } }, x: Array) => layerNorm(8).apply(p.norm, x),
      [params as TreeRecord<Tensor> as { norm: { scale: Tensor; shift: Tensor } }, both[depth - 1]!] as const,
    );
    assert.deepEqual(ours.data, normed.data);
  }
});

test("the class token's attention is the last block's: shares of patches, even where all are alike", async () => {
  const network = build({ ...tiny, pooling: "class" }, 8, 12);
  const { classAttention } = tokensOf(network);
  assert.ok(classAttention);
  const params = weights(network.init(new Rng(0)));
  const look = (given: typeof params) =>
    evaluateOne((p: Params, x: Array) => classAttention(p, { pixels: x }), [
      given,
      fill("pixels", [2, 3, 8, 12]),
    ] as const);
  const attention = await look(params);
  assert.deepEqual(attention.shape, [2, 2, 6]);
  for (let row = 0; row < 4; row++) {
    const sum = [...attention.data.slice(row * 6, row * 6 + 6)].reduce((total, value) => total + value);
    assert.ok(sum > 0 && sum < 1, `${sum}`);
  }
  // Without queries and keys every token has the same share, the class token included.
  const blind = tree.map<Tensor, Tensor>(params, (leaf, path) =>
    path.startsWith("blocks.1.attention.qkv") ? filled(leaf.shape, 0) : leaf,
  ) as typeof params;
  assert.ok((await look(blind)).data.every((share) => Math.abs(share - 1 / 7) < 1e-6));
  const blindBefore = tree.map<Tensor, Tensor>(params, (leaf, path) =>
    path.startsWith("blocks.0.attention.qkv") ? filled(leaf.shape, 0) : leaf,
  ) as typeof params;
  assert.notDeepEqual((await look(blindBefore)).data, attention.data);
  assert.equal(tokensOf(build(tiny, 8)).classAttention, undefined);
  const distilled = build({ ...tiny, pooling: "distilled" }, 8, 12);
  const { classAttention: beside } = tokensOf(distilled);
  assert.ok(beside);
  const { shape } = await evaluateOne((p: Params, x: Array) => beside(p, { pixels: x }), [
    weights(distilled.init(new Rng(0))),
    fill("pixels", [2, 3, 8, 12]),
  ] as const);
  assert.deepEqual(shape, [2, 2, 6]);
});

test("drop-path rises from 0 to the rate of the last block, and only in training", async () => {
  const options = { ...tiny, dropPath: 0.5 };
  const network = build({ ...options, depth: 3 }, 8);
  const params = weights(network.init(new Rng(0)));
  const otherLast = tree.map<Tensor, Tensor>(params, (leaf, path) =>
    path.startsWith("blocks.2.") ? fill(`other ${path}`, leaf.shape) : leaf,
  ) as typeof params;
  const pixels = fill("pixels", [1, 3, 8, 8]);
  let asked = 0;
  const trainedAt = async (draw: number, values: typeof params) => {
    const output = await evaluateOne(
      (p: Params, x: Array, noise: Array) => {
        const { result, draws } = inTraining(noise, () => network.apply(p, { pixels: x }));
        asked = draws;
        return result;
      },
      [values, pixels, float32(new Float32Array(4).fill(draw), [4, 1])] as const,
    );
    return [...output.data];
  };
  // Rates 0, 0.25 and 0.5: a draw of 0.8 drops both later blocks, one of 0.6 the last only, one of 0.4 none.
  const shallow = build({ ...options, depth: 1, dropPath: 0 }, 8);
  const firstBlockOnly = await evaluateOne((p: Params, x: Array) => shallow.apply(p, { pixels: x }), [
    params,
    pixels,
  ] as const);
  assert.deepEqual(await trainedAt(0.8, params), [...firstBlockOnly.data]);
  assert.equal(asked, 4, "the first block, at rate 0, asks for nothing");
  const lastDropped = await trainedAt(0.6, params);
  assert.notDeepEqual(lastDropped, [...firstBlockOnly.data]);
  assert.deepEqual(await trainedAt(0.6, otherLast), lastDropped);
  assert.notDeepEqual(await trainedAt(0.4, otherLast), await trainedAt(0.4, params));
});

/** Inputs of one and three axes, with a patch extent for each axis. */
const others = [
  { title: "series", shape: [2, 24], patchSize: 4, grid: [6] },
  { title: "video", shape: [3, 4, 4, 6], patchSize: [2, 2, 3], grid: [2, 2, 2] },
] as const;

for (const { title, shape, patchSize, grid } of others)
  test(`a ${title} is read patch by patch: dropped and masked patches have no influence, all others do`, async () => {
    const options = { width: 12, depth: 2, heads: 2, mlpRatio: 2, pooling: "class", positions: "learned" } as const;
    const size = typeof patchSize === "number" ? patchSize : [...patchSize];
    const network = vit.build(vit.options.parse({ ...options, patchSize: size }), {
      anything: { dtype: "float32", shape },
      ids: { dtype: "int32", shape: [9] },
    });
    const tokens = tokensOf(network);
    const count = grid.reduce((all: number, extent) => all * extent, 1);
    assert.deepEqual([tokens.input, tokens.grid, tokens.count], ["anything", grid, count]);
    const params = weights(network.init(new Rng(0)));
    const x = fill("x", [1, ...shape]);
    // The input again, with one patch changed.
    const patches = await evaluateOne((given: Array) => tokens.patchify({ anything: given }), [x]);
    const changed = (place: number) =>
      evaluateOne(
        (p: Array) => tokens.unpatchify(p),
        [
          float32(
            Float32Array.from(patches.data, (value, at) =>
              Math.floor(at / tokens.patchDim) === place ? value + 1 : value,
            ),
            patches.shape,
          ),
        ],
      );
    const keep = int32([0, count - 1, 2], [1, 3]);
    const at = float32(
      Float32Array.from({ length: count }, (_, place) => (place === 2 || place === 3 ? 1 : 0)),
      [1, count],
    );
    const token = fill("token", [12]);
    const read = async (given: Tensor) => {
      const [kept, masked, vector] = tree.leaves<Tensor>(
        await evaluate(
          (p: Params, input: Array, indices: Array, where: Array, mask: Array) => [
            tokens.encode(p, { anything: input }, { keep: indices }),
            tokens.encode(p, { anything: input }, { masked: { at: where, token: mask } }),
            network.apply(p, { anything: input }),
          ],
          [params, given, keep, at, token] as const,
        ),
      );
      return { kept: kept!, masked: masked!, vector: vector! };
    };
    const before = await read(x);
    assert.deepEqual(before.kept.shape, [1, 4, 12]);
    assert.deepEqual(before.vector.shape, [1, 12]);
    for (let place = 0; place < count; place++) {
      const after = await read(await changed(place));
      const isSame = (name: "kept" | "masked") => after[name].data.join() === before[name].data.join();
      assert.equal(isSame("kept"), ![0, count - 1, 2].includes(place), `kept, ${place}`);
      assert.equal(isSame("masked"), place === 2 || place === 3, `masked, ${place}`);
      assert.notDeepEqual(after.vector.data, before.vector.data);
    }
  });

test("inputs of one and three axes have a default patch size, and crops of them are read", async () => {
  const usual = (...shape: number[]) =>
    vit.build(vit.options.parse({ width: 12, depth: 1, heads: 2 }), { x: { dtype: "float32", shape } });
  assert.deepEqual(usual(1, 128).patches?.grid, [32]);
  assert.deepEqual(usual(1, 512).patches?.grid, [128]);
  assert.deepEqual(usual(1, 16_000).patches?.grid, [125]);
  assert.deepEqual(usual(3, 8, 16, 16).hyperparameters.patchSize, "2 × 4 × 4");
  assert.deepEqual(usual(3, 8, 32, 32).patches?.grid, [4, 4, 4]);
  assert.deepEqual(usual(3, 16, 64, 64).patches?.grid, [8, 4, 4]);
  assert.deepEqual(usual(3, 16, 224, 224).patches?.grid, [8, 14, 14]);
  const video = usual(1, 4, 8, 8);
  const half = await evaluateOne((p: Params, x: Array) => video.apply(p, { x }), [
    video.init(new Rng(0)),
    fill("x", [2, 1, 2, 4, 8]),
  ] as const);
  assert.deepEqual(half.shape, [2, 12]);
});

test("the patch size follows the image when none is given", () => {
  for (const [size, patchSize] of [
    [32, 4],
    [40, 4],
    [64, 8],
    [96, 8],
    [224, 16],
  ] as const)
    assert.equal(build({ size: "tiny", depth: 1 }, size).hyperparameters.patchSize, patchSize);
});

test("options that do not fit are refused, with advice", () => {
  const refused = (options: z.input<typeof vit.options>, height: number, width: number, message: RegExp) =>
    assert.throws(() => build(options, height, width), { name: "UserError", message });
  refused({ patchSize: 5 }, 12, 18, /patch size of 5 does not divide an input of 12 × 18; try 2, 3, 6$/);
  refused({}, 31, 31, /patch size of 4 does not divide an input of 31 × 31; no patch size does/);
  refused({ patchSize: [4, 4, 4] }, 32, 32, /patch size of 4,4,4 has 3 numbers, and the input 2 axes \(32 × 32\)/);
  refused({ patchSize: [4, 5] }, 32, 32, /patch size of 4 × 5 does not divide an input of 32 × 32; try 2, 4, 8, 16$/);
  refused({ width: 10, heads: 3 }, 32, 32, /width of 10 cannot be split into 3 heads/);
  refused({ width: 6, heads: 3 }, 32, 32, /multiple of 4, not 6/);
  assert.throws(() => vit.build(vit.options.parse({}), {}), { name: "UserError", message: /this data has none$/ });
});

test("linear weights start at deviation 0.02, cut at two deviations, biases at 0; patches by Xavier's uniform", () => {
  for (const [path, leaf] of tree.entries<Tensor>(build({ depth: 1 }, 32).init(new Rng(0)))) {
    if (path.endsWith(".bias") || path.endsWith(".shift"))
      assert.ok(
        leaf.data.every((value) => value === 0),
        path,
      );
    if (!path.endsWith(".weight")) continue;
    const values = Float32Array.from(leaf.data);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    const [bound, expected] = [Math.sqrt(6 / (leaf.shape[0]! + leaf.shape[1]!)), 0.02 * 0.8796];
    const [largest, own] = path === "patch.weight" ? [bound, bound / Math.sqrt(3)] : [0.04, expected];
    assert.ok(
      leaf.data.every((value) => Math.abs(value) <= largest + 1e-7),
      path,
    );
    // A normal cut at ±2 has 0.880 of the deviation.
    assert.ok(Math.abs(deviation / own - 1) < 0.03, `${path}: ${deviation}`);
  }
});
