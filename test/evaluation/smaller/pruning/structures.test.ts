import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, float32, Rng, type Tensor, tree } from "../../../../src/array/index.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../../../../src/encoders/index.ts";
import { resnet } from "../../../../src/encoders/resnet.ts";
import { vit } from "../../../../src/encoders/vit.ts";
import { compile } from "../../../../src/engine/index.ts";
import { magnitude } from "../../../../src/evaluation/smaller/pruning/importance.ts";
import { prunable } from "../../../../src/evaluation/smaller/pruning/prunable.ts";
import { describeKept, prune, sumByStructure } from "../../../../src/evaluation/smaller/pruning/structures.ts";

const specs = { pixels: { dtype: "float32", shape: [3, 8, 8] } } as const;
const aVit = (more: Record<string, unknown> = {}) =>
  vit.build(vit.options.parse({ width: 12, depth: 2, heads: 3, mlpRatio: 2, patchSize: 4, ...more }), specs);
const aResnet =
  (layers: string) =>
  (more: Record<string, unknown> = {}) =>
    resnet.build(resnet.options.parse({ layers, width: 4, ...more }), specs);

/** Random numbers, running statistics and the parts of BatchNorm among them: nothing is 0 or 1 by chance. */
const weightsOf = (encoder: Encoder): InitialParams => {
  const rng = new Rng(3);
  return tree.map<Tensor, Tensor>(encoder.init(rng), (leaf, path) => {
    if (!path.includes(".norm.")) return leaf;
    const { data } = rng.split(path).normals(leaf.shape, 0.3);
    return float32(
      Float32Array.from(data, (value) => (/Variance|scale/.test(path) ? 1 + Math.abs(value) : value)),
      [...leaf.shape],
    );
  }) as InitialParams;
};

async function representation(encoder: Encoder, weights: InitialParams): Promise<number[]> {
  const pixels = new Rng(1).normals([2, 3, 8, 8]);
  const fn = (given: Params, inputs: Inputs): { y: Array } => ({ y: encoder.apply(given, inputs) });
  const program = await compile(fn, [weights, { pixels }]);
  const { y } = await program.run(weights, { pixels });
  const { data } = await y.read();
  const values = [...data];
  await program.dispose();
  return values;
}

/** The weights with some values 0. */
const silenced = (params: InitialParams, isOff: (path: string, index: number, leaf: Tensor) => boolean) =>
  tree.map<Tensor, Tensor>(params, (leaf, path) =>
    float32(
      Float32Array.from(leaf.data, (value, index) => (isOff(path, index, leaf) ? 0 : value)),
      [...leaf.shape],
    ),
  ) as InitialParams;

/** Which column a value of `[rows, columns, …]` is in. */
const columnOf = (index: number, { shape: [, columns = 1, ...rest] }: Tensor) =>
  Math.floor(index / rest.reduce((product, extent) => product * extent, 1)) % columns;

const cases = [
  {
    name: "a ViT without heads and units",
    encoder: "vit",
    build: aVit,
    share: 0.6,
    options: { heads: 2, headDim: 4, mlpRatio: 14 / 12 },
    words: "2 of 3 heads, 14 of 24 units",
    out: (kind: string) => (kind === "heads" ? [1] : [0, 3, 4, 7, 9, 11, 13, 17, 20, 23]),
    // The output weights of a head or a unit.
    isOff: (path: string, index: number, leaf: Tensor, out: (kind: string) => readonly number[]) =>
      path.endsWith("attention.output.weight")
        ? out("heads").includes(Math.floor(columnOf(index, leaf) / 4))
        : path.endsWith("down.weight") && out("units").includes(columnOf(index, leaf)),
  },
  ...["10", "50"].map((layers) => ({
    name: `a ResNet-${layers} without channels`,
    encoder: "resnet",
    build: aResnet(layers),
    share: 0.75,
    options: { innerRatio: 0.75 },
    words: layers === "10" ? "45 of 60 inner channels" : "354 of 472 inner channels",
    out: (_kind: string, count: number) => globalThis.Array.from({ length: count / 4 }, (_, at) => 4 * at + 1),
    // The input weights of a convolution.
    isOff: (path: string, index: number, leaf: Tensor) =>
      /path\.[12]\.conv\.weight$/.test(path) && columnOf(index, leaf) % 4 === 1,
  })),
];

for (const { name, encoder, build, share, options, words, out, isOff } of cases)
  test(`${name} has the same outputs as the whole one with these parts zeroed`, async () => {
    const whole = build();
    const params = weightsOf(whole);
    const { structures, smaller } = prunable[encoder]!(whole, params);
    const { kept, options: found } = smaller(share);
    assert.deepEqual(found, options);
    assert.equal(describeKept(structures, kept), words);
    const scores = structures.map(({ kind, count }) =>
      Float64Array.from({ length: count }, (_, part) => (out(kind, count).includes(part) ? 0 : 1 + part)),
    );
    const pruned = prune(params, structures, scores, kept);
    const small = build(options);
    const shapes = (leaves: InitialParams) =>
      tree.entries<Tensor>(leaves).map(([path, leaf]) => [path, leaf.shape.join()]);
    assert.deepEqual(shapes(small.init(new Rng(0))), shapes(pruned));
    const quiet = silenced(params, (path, index, leaf) => isOff(path, index, leaf, out as (kind: string) => number[]));
    const [less, expected] = [await representation(small, pruned), await representation(whole, quiet)];
    less.forEach((value, at) => {
      assert.ok(
        Math.abs(value - expected[at]!) < 1e-5 * Math.max(1, Math.abs(expected[at]!)),
        `${at}: ${value} for ${expected[at]}`,
      );
    });
    assert.notDeepEqual(expected, await representation(whole, params));
  });

test("every weight counts once for its part; statistics do not count", () => {
  const sumsOf = (encoder: Encoder, name: string) => {
    const params = encoder.init(new Rng(3));
    const ones = tree.map<Tensor, Tensor>(params, ({ shape, data }) =>
      float32(new Float32Array(data.length).fill(1), [...shape]),
    ) as InitialParams;
    const { structures } = prunable[name]!(encoder, params);
    return sumByStructure(ones, structures).map((scores) => [...scores]);
  };
  const [heads, units] = sumsOf(aVit(), "vit");
  // Queries, keys and values: 3 · 4 rows of 12 and as many biases; the output: 4 columns of 12.
  assert.deepEqual(heads, [204, 204, 204]);
  // A row of 12, a bias, a column of 12.
  assert.deepEqual(units, new globalThis.Array(24).fill(25));
  // A row of 4 · 9, a scale, a shift, a column of 4 · 9.
  assert.deepEqual(sumsOf(aResnet("10")(), "resnet")[0], new globalThis.Array(4).fill(74));
  // A bottleneck's first: a row of 4, a column of 4 · 9; its second: a row of 4 · 9, a column of 16.
  assert.deepEqual(
    sumsOf(aResnet("50")(), "resnet").slice(0, 2),
    [42, 54].map((sum) => new globalThis.Array(4).fill(sum)),
  );
});

test("parts with zero weights go first", () => {
  const whole = aVit();
  const params = silenced(whole.init(new Rng(3)), (path, index, leaf) =>
    path.endsWith("attention.output.weight")
      ? Math.floor(columnOf(index, leaf) / 4) === 2
      : path.endsWith("down.weight") && columnOf(index, leaf) === 5,
  );
  const scores = magnitude(params, prunable.vit!(whole, params).structures);
  assert.deepEqual(
    scores.map((each) => each.indexOf(Math.min(...each))),
    [2, 5, 2, 5],
  );
});

test("a pruned encoder can be pruned again", () => {
  const small = aResnet("10")({ innerRatio: 0.5 });
  const { structures, smaller } = prunable.resnet!(small, small.init(new Rng(0)));
  const { kept, options } = smaller(0.5);
  assert.equal(describeKept(structures, kept), "15 of 30 inner channels");
  assert.deepEqual(options, { innerRatio: 0.25 });
});
