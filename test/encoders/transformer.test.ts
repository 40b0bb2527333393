import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { constant, int32, Rng, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import type { Params } from "../../src/encoders/encoder.ts";
import { transformer } from "../../src/encoders/transformer.ts";
import { inTraining } from "../../src/layers/scope.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
  ZeroRng,
} from "../fixtures/torch/reference.ts";
import { batch, toyText, toyTransformer } from "../methods/toy-text.ts";

for (const [name, options] of [
  ["encoder pre mean", { norm: "pre", pooling: "mean" }],
  ["encoder pre first", { norm: "pre", pooling: "first" }],
  ["encoder post mean", { norm: "post", pooling: "mean" }],
  ["encoder post first", { norm: "post", pooling: "first" }],
  ["encoder causal", { norm: "pre", causal: true }],
] as const)
  test(`${name}: output and every gradient as torch's`, async () => {
    const expected = await torchCase("text", name);
    const encoder = toyTransformer(options);
    const inputs = { p: weights(encoder.init(new Rng(0))) };
    for (const device of ["cpu", "wasm"] as const) {
      const { output, gradients } = await outputAndGradients(
        ({ p }: Traced<typeof inputs>) => encoder.apply(p, { ids: constant(batch.ids), mask: constant(batch.mask) }),
        inputs,
        device,
      );
      assertMatches(output, expected.output, `${name} on ${device}`);
      assertGradients(gradients, expected);
    }
  });

const LONG = toyText({ size: 30, length: 9 });
const sequences = fc.array(fc.integer({ min: 5, max: 29 }), { minLength: 1, maxLength: 7 });

for (const options of [
  { norm: "post", positions: "learned", pooling: "mean" },
  { norm: "pre", positions: "rotary", pooling: "first" },
  { norm: "pre", positions: "learned", causal: true },
] as const)
  test(`the content of padding changes nothing: ${JSON.stringify(options)}`, async () => {
    const encoder = toyTransformer(options, LONG);
    const params = weights(encoder.init(new Rng(0)));
    await fc.assert(
      fc.asyncProperty(
        sequences,
        fc.array(fc.integer({ min: 0, max: 29 }), { minLength: 9, maxLength: 9 }),
        async (text, rest) => {
          const { ids, mask } = LONG.tensors(text);
          const noisy = Int32Array.from(ids!.data, (id, at) => (mask!.data[at] ? id : rest[at]!));
          const both = {
            ids: int32(Int32Array.of(...(ids!.data as Int32Array), ...noisy), [2, 9]),
            mask: int32(Int32Array.of(...(mask!.data as Int32Array), ...(mask!.data as Int32Array)), [2, 9]),
          };
          const output = await evaluateOne((p: Params, given: Traced<typeof both>) => encoder.apply(p, given), [
            params,
            both,
          ] as const);
          const [first, second] = [output.data.slice(0, 8), output.data.slice(8)];
          first.forEach((value, at) => {
            assert.ok(Math.abs(value - second[at]!) < 1e-6, `${first} and ${second}`);
          });
          assert.ok(first.some((value) => Math.abs(value) > 1e-3));
        },
      ),
      { numRuns: 8 },
    );
  });

test("a causal encoder's tokens see no later ones, others do", async () => {
  for (const causal of [true, false]) {
    const encoder = toyTransformer({ norm: "pre", causal }, LONG);
    const params = weights(encoder.init(new Rng(0)));
    const ids = int32([2, 6, 7, 8, 9, 10, 11, 12, 3, 2, 6, 7, 8, 9, 20, 21, 22, 23], [2, 9]);
    const mask = int32(new Int32Array(18).fill(1), [2, 9]);
    const hidden = await evaluateOne(
      (p: Params, given: { ids: Traced<Tensor>; mask: Traced<Tensor> }) => encoder.hidden(p, given),
      [params, { ids, mask }] as const,
    );
    const difference = (at: number) =>
      Math.max(
        ...globalThis.Array.from({ length: 8 }, (_, k) =>
          Math.abs(hidden.data[at * 8 + k]! - hidden.data[(9 + at) * 8 + k]!),
        ),
      );
    for (let at = 0; at < 5; at++) assert.ok(causal ? difference(at) < 1e-6 : difference(at) > 1e-5, `place ${at}`);
    assert.ok(difference(5) > 1e-4);
  }
});

test("masked tokens are replaced by the method's token, and blocks end before encode's norm", async () => {
  const encoder = toyTransformer({ norm: "post" });
  const params = weights(encoder.init(new Rng(0)));
  const at = fill("at", [2, 6]).data.map((value) => Number(value > 0));
  const inputs = { at: { dtype: "float32" as const, shape: [2, 6], data: at }, token: fill("token", [8]) };
  const withIds = (ids: readonly number[]) =>
    evaluateOne(
      (p: Params, masked: Traced<typeof inputs>) =>
        encoder.tokens.encode(p, { ids: constant(int32([...ids], [2, 6])), mask: constant(batch.mask) }, { masked }),
      [params, inputs] as const,
    );
  const original = [...batch.ids.data];
  const first = await withIds(original);
  const hidden = await withIds(original.map((id, place) => (at[place] ? (id + 3) % 11 : id)));
  assert.deepEqual(first.data, hidden.data);
  const last = await evaluateOne(
    (p: Params, masked: Traced<typeof inputs>) =>
      encoder.tokens.blocks(p, { ids: constant(batch.ids), mask: constant(batch.mask) }, { masked }).at(-1)!,
    [params, inputs] as const,
  );
  assert.deepEqual(last.data, first.data, "with the norms behind there is none after the last block");
});

test("dropout changes the training pass and not evaluation, and two copies differently", async () => {
  const encoder = toyTransformer({ dropout: 0.3 });
  const params = weights(encoder.init(new Rng(0)));
  const twice = {
    ids: int32([2, 7, 5, 9, 3, 0, 2, 7, 5, 9, 3, 0], [2, 6]),
    mask: int32([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0], [2, 6]),
  };
  let shape = [0, 0];
  const run = (noise?: Tensor) => {
    const inputs = { p: params, text: twice, ...(noise ? { noise } : {}) };
    return evaluateOne(
      ({ p, text, noise: rows }: Traced<{ p: typeof params; text: typeof twice; noise?: Tensor }>) => {
        const { result, draws, samples } = inTraining(rows, () => encoder.apply(p, text));
        shape = [draws, samples];
        return result;
      },
      [inputs] as const,
    );
  };
  const still = await run();
  const halves = (tensor: Tensor) => [[...tensor.data.slice(0, 8)], [...tensor.data.slice(8)]];
  assert.deepEqual(halves(still)[0], halves(still)[1]);
  // Embeddings, and in each of two blocks attention weights and two branches.
  assert.deepEqual(shape, [6 + 8 + 2 * (2 * 6 + 6 + 2 * (6 + 8)), 2]);
  const moved = await run(new Rng(1).uniforms(shape));
  assert.notDeepEqual(halves(moved)[0], halves(moved)[1]);
});

test("sizes are those of BERT's miniatures, and base is BERT", () => {
  const vocabulary = { ...toyText({ size: 30522, length: 512 }).vocabulary, size: 30522, length: 512 };
  const spec = { dtype: "int32", shape: [512] } as const;
  // https://github.com/google-research/bert: parameters without the pooler and the second segment's embeddings.
  for (const [size, width, expected] of [
    ["tiny", 128, 4_385_920],
    ["base", 768, 109_482_240],
  ] as const) {
    const encoder = transformer.build(transformer.options.parse({ size }), { ids: spec, mask: spec }, vocabulary);
    const count = tree.leaves<Tensor>(encoder.init(new ZeroRng())).reduce((sum, leaf) => sum + leaf.data.length, 0);
    assert.equal(count, expected - 2 * width - (width * width + width));
  }
});

test("options that do not fit are refused", () => {
  assert.throws(() => toyTransformer({ heads: 3 }), { name: "UserError", message: /width of 8.*3 heads/ });
  assert.throws(() => toyTransformer({ heads: 8, positions: "rotary" }), { name: "UserError", message: /even width/ });
  assert.throws(() => toyTransformer({ causal: true, pooling: "first" }), {
    name: "UserError",
    message: /--pooling mean/,
  });
  assert.throws(() => transformer.build(transformer.options.parse({}), {}), {
    name: "UserError",
    message: /reads text/,
  });
});
