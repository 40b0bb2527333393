import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import {
  type Array,
  constant,
  float32,
  int32,
  lax,
  nn,
  np,
  Rng,
  type Tensor,
  type Tree,
  tree,
} from "../../src/array/index.ts";
import { compile, read, valueAndGrad } from "../../src/engine/index.ts";
import { lower, supportedPrimitives } from "../../src/engine/lower/index.ts";
import { simplify } from "../../src/engine/passes/index.ts";
import { trace } from "../../src/engine/trace.ts";
import { gelu } from "../../src/layers/functions/gelu.ts";

const rng = new Rng(11);
const normal = (...shape: number[]) => rng.normals(shape);
const positive = (...shape: number[]) => rng.uniforms(shape, 0.2, 2);
const unit = (...shape: number[]) => rng.uniforms(shape, -0.9, 0.9);
const ints = (low: number, high: number, ...shape: number[]): Tensor =>
  int32(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.integer(low, high)),
    shape,
  );

interface Case {
  /** Primitives that the case covers. */
  readonly covers: readonly string[];
  readonly inputs: readonly Tensor[];
  readonly fn: (...inputs: Array[]) => Array;
  /** Differentiate with respect to the float inputs as well. */
  readonly gradient?: boolean;
}

const pad2 = (low: number, high: number): [number, number][] => [
  [low, high],
  [low, high],
];
const windowMax = (x: Array, size: number, stride: number) =>
  lax.reduceWindow(x, (window) => np.max(window), [size, size], [stride, stride]);

const cases: Record<string, Case> = {
  "gelu over a permuted operand": {
    covers: ["gelu"],
    inputs: [normal(2, 3, 4)],
    fn: (x) => gelu(np.transpose(x, [2, 0, 1])),
    gradient: true,
  },
  "add, broadcast over a permuted operand": {
    covers: ["add", "transpose"],
    inputs: [normal(2, 3, 4), normal(3)],
    fn: (x, b) => np.add(np.transpose(x, [2, 0, 1]), b),
    gradient: true,
  },
  "mul of two permutations": {
    covers: ["mul"],
    inputs: [normal(2, 3), normal(3, 2)],
    fn: (a, b) => np.multiply(np.transpose(a), b),
    gradient: true,
  },
  "min and max": {
    covers: ["min", "max"],
    inputs: [normal(3, 4), normal(4)],
    fn: (a, b) => np.add(np.minimum(a, b), np.maximum(a, 0.3)),
    gradient: true,
  },
  "neg and reciprocal": {
    covers: ["neg", "reciprocal"],
    inputs: [positive(3, 2)],
    fn: (x) => np.negative(np.reciprocal(x)),
    gradient: true,
  },
  "floor and ceil": {
    covers: ["floor", "ceil"],
    inputs: [rng.uniforms([20], -3, 3)],
    fn: (x) => np.subtract(np.ceil(x), np.multiply(2, np.floor(x))),
  },
  "sin and cos": {
    covers: ["sin", "cos"],
    inputs: [normal(7)],
    fn: (x) => np.multiply(np.sin(x), np.cos(x)),
    gradient: true,
  },
  "asin and atan": {
    covers: ["asin", "atan"],
    inputs: [unit(9)],
    fn: (x) => np.add(np.asin(x), np.atan(x)),
    gradient: true,
  },
  "exp, log and sqrt": {
    covers: ["exp", "log", "sqrt"],
    inputs: [positive(5)],
    fn: (x) => np.add(np.exp(x), np.multiply(np.log(x), np.sqrt(x))),
    gradient: true,
  },
  "erf and erfc": {
    covers: ["erf", "erfc"],
    inputs: [normal(8)],
    fn: (x) => np.add(lax.erf(x), np.multiply(3, lax.erfc(x))),
    gradient: true,
  },
  "integer division and remainder": {
    covers: ["idiv", "mod"],
    inputs: [ints(-9, 9, 12), ints(1, 4, 12)],
    fn: (a, b) => np.add(np.multiply(np.fmod(a, b), 100), np.floorDivide(a, b)),
  },
  "numbers of comparisons with 0": {
    covers: ["compare", "cast"],
    inputs: [float32([-3e38, -1, -2e-38, -0, 0, 2e-38, 1, 3e38], [8])],
    fn: (x) => np.add(np.greater(x, 0).astype(np.float32), np.multiply(3, np.less(x, 0).astype(np.float32))),
  },
  "comparisons and where": {
    covers: ["compare", "where"],
    inputs: [normal(4, 3), normal(3)],
    fn: (a, b) =>
      np.where(
        np.less(a, b),
        np.multiply(a, 2),
        np.where(np.lessEqual(b, 0), b, np.where(np.equal(a, b), 1, np.where(np.notEqual(a, 0), a, 0))),
      ),
    gradient: true,
  },
  "logic on booleans": {
    covers: ["compare"],
    inputs: [normal(6), normal(6)],
    fn: (a, b) =>
      np.where(np.logicalAnd(np.greater(a, 0), np.logicalOr(np.less(b, 0), np.logicalNot(np.less(a, b)))), 1, 0),
  },
  "comparisons of constants": {
    covers: ["compare", "where"],
    inputs: [normal(6)],
    fn: (x) => {
      const [one, two] = [constant(float32([1], [])), constant(float32([0.2, 3, -1, 0, 1, 2], [6]))];
      return np.where(np.logicalNot(np.less(one, 0.5)), np.where(np.greater(two, 0.5), x, 1), np.multiply(x, 2));
    },
  },
  "any and all": {
    covers: ["reduce"],
    inputs: [normal(3, 5)],
    fn: (x) => np.add(np.where(np.any(np.greater(x, 1), 1), 1, 0), np.where(np.all(np.less(x, 2), 1), 2, 0)),
  },
  casts: {
    covers: ["cast"],
    inputs: [rng.uniforms([10], -4, 4)],
    fn: (x) => np.astype(np.astype(x, np.int32), np.float32),
  },
  "sum over a permuted and repeated value": {
    covers: ["reduce", "broadcast"],
    inputs: [normal(2, 3)],
    fn: (x) => np.sum(np.transpose(np.broadcastTo(np.reshape(x, [2, 1, 3]), [2, 4, 3]), [1, 2, 0]), [0, 1]),
    gradient: true,
  },
  "max, min and product": {
    covers: ["reduce"],
    inputs: [positive(3, 4, 2)],
    fn: (x) => np.add(np.max(x, [0, 2]), np.add(np.min(x, [0, 2]), np.prod(x, [0, 2]))),
  },
  "gradient of max": { covers: ["reduce"], inputs: [normal(3, 7)], fn: (x) => np.max(x, 1), gradient: true },
  "product of matrices": {
    covers: ["dot"],
    inputs: [normal(3, 4), normal(4, 5)],
    fn: (a, b) => np.matmul(a, b),
    gradient: true,
  },
  "batched product of permutations": {
    covers: ["dot"],
    inputs: [normal(2, 5, 3, 4), normal(2, 6, 3, 4)],
    fn: (q, k) => np.matmul(np.transpose(q, [0, 2, 1, 3]), np.transpose(k, [0, 2, 3, 1])),
    gradient: true,
  },
  "product with a vector": {
    covers: ["dot"],
    inputs: [normal(2, 3, 4), normal(4)],
    fn: (a, b) => np.dot(a, b),
    gradient: true,
  },
  "sum of products over several axes": {
    covers: ["dot"],
    inputs: [normal(2, 3, 4), normal(3, 4, 5)],
    fn: (a, b) => np.tensordot(a, b, 2),
    gradient: true,
  },
  "convolution, 3 × 3": {
    covers: ["conv", "flip"],
    inputs: [normal(2, 3, 6, 7), normal(4, 3, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [1, 1], pad2(1, 1)),
    gradient: true,
  },
  "convolution with a stride": {
    covers: ["conv"],
    inputs: [normal(2, 3, 7, 8), normal(4, 3, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2, 2], pad2(1, 1)),
    gradient: true,
  },
  "convolution, 1 × 1 with a stride": {
    covers: ["conv"],
    inputs: [normal(2, 3, 6, 6), normal(5, 3, 1, 1)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2, 2], pad2(0, 0)),
    gradient: true,
  },
  "convolution, 7 × 7 with a stride": {
    covers: ["conv"],
    inputs: [normal(1, 2, 12, 12), normal(3, 2, 7, 7)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2, 2], pad2(3, 3)),
    gradient: true,
  },
  "convolution with kernels that repeat themselves, over columns": {
    covers: ["conv", "broadcast"],
    inputs: [normal(2, 3, 6, 7), normal(4, 1, 1, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, np.broadcastTo(w, [4, 3, 3, 3]), [2, 2], pad2(1, 1)),
    gradient: true,
  },
  "convolution with kernels that repeat themselves, over tiles": {
    covers: ["conv", "broadcast"],
    inputs: [normal(1, 16, 6, 6), normal(16, 1, 3)],
    fn: (x, w) =>
      lax.convGeneralDilated(x, np.broadcastTo(np.reshape(w, [16, 1, 1, 3]), [16, 16, 3, 3]), [1, 1], pad2(1, 1)),
    gradient: true,
  },
  "convolution on an image smaller than the kernel": {
    covers: ["conv"],
    inputs: [normal(3, 4, 2, 2), normal(5, 4, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [1, 1], pad2(1, 1)),
    gradient: true,
  },
  "uneven and negative padding, dilated kernel": {
    covers: ["conv"],
    inputs: [normal(2, 2, 9, 9), normal(3, 2, 3, 3)],
    fn: (x, w) =>
      lax.convGeneralDilated(
        x,
        w,
        [1, 1],
        [
          [-1, 2],
          [0, 1],
        ],
        { rhsDilation: [2, 1] },
      ),
    gradient: true,
  },
  "dilated input": {
    covers: ["conv"],
    inputs: [normal(1, 2, 4, 4), normal(3, 2, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2, 1], pad2(2, 1), { lhsDilation: [2, 3] }),
    gradient: true,
  },
  "convolution whose columns are made in pieces": {
    covers: ["conv"],
    inputs: [normal(5, 96, 64, 64), normal(2, 96, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [1, 1], pad2(1, 1)),
    gradient: true,
  },
  "convolution of waves, whose columns are runs": {
    covers: ["conv"],
    inputs: [normal(3, 1, 40), normal(4, 1, 10)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [5], [[0, 0]]),
    gradient: true,
  },
  "convolution of waves, with many outputs": {
    covers: ["conv"],
    inputs: [normal(3, 1, 40), normal(64, 1, 10)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [5], [[0, 0]]),
    gradient: true,
  },
  "convolution with a stride, with many outputs": {
    covers: ["conv"],
    inputs: [normal(2, 3, 8, 6), normal(64, 3, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2, 2], pad2(1, 1)),
    gradient: true,
  },
  "convolution of one channel in patches": {
    covers: ["conv"],
    inputs: [normal(2, 1, 6, 8), normal(3, 1, 2, 4)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2, 4], pad2(0, 0)),
    gradient: true,
  },
  "convolution of one channel that does not lie in order": {
    covers: ["conv"],
    inputs: [normal(40, 1, 3), normal(4, 1, 10)],
    fn: (x, w) => lax.convGeneralDilated(np.transpose(x, [2, 1, 0]), w, [5], [[0, 0]]),
    gradient: true,
  },
  "convolution in one dimension": {
    covers: ["conv"],
    inputs: [normal(2, 3, 20), normal(4, 3, 5)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [2], [[2, 2]]),
    gradient: true,
  },
  "grouped convolution": {
    covers: ["conv"],
    inputs: [normal(2, 6, 20), normal(4, 3, 5)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [1], [[2, 2]], { featureGroupCount: 2 }),
    gradient: true,
  },
  "grouped convolution with a stride and dilated kernels": {
    covers: ["conv"],
    inputs: [normal(3, 4, 23), normal(8, 2, 4)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [3], [[1, 2]], { featureGroupCount: 2, rhsDilation: [2] }),
    gradient: true,
  },
  "depthwise convolution of images": {
    covers: ["conv"],
    inputs: [normal(2, 3, 7, 6), normal(3, 1, 3, 3)],
    fn: (x, w) => lax.convGeneralDilated(x, w, [1, 2], pad2(1, 1), { featureGroupCount: 3 }),
    gradient: true,
  },
  "windows that overlap": {
    covers: ["pool", "pool_transpose"],
    inputs: [normal(2, 3, 7, 7)],
    fn: (x) => windowMax(x, 3, 2),
    gradient: true,
  },
  "windows that leave gaps": {
    covers: ["pool", "pool_transpose"],
    inputs: [normal(2, 2, 8, 8)],
    fn: (x) => windowMax(x, 2, 3),
    gradient: true,
  },
  "reshapes that keep repeats": {
    covers: ["reshape", "broadcast"],
    inputs: [normal(3)],
    fn: (x) =>
      np.multiply(
        np.reshape(np.broadcastTo(np.reshape(x, [1, 3, 1]), [2, 3, 4]), [6, 4]),
        np.reshape(np.broadcastTo(np.reshape(x, [3, 1]), [3, 8]), [6, 4]),
      ),
    gradient: true,
  },
  "reshape of a permutation": {
    covers: ["reshape", "transpose"],
    inputs: [normal(2, 3, 4)],
    fn: (x) => np.reshape(np.transpose(x, [1, 0, 2]), [6, 4]),
    gradient: true,
  },
  flips: {
    covers: ["flip"],
    inputs: [normal(3, 4)],
    fn: (x) => np.multiply(np.flip(x, 0), np.flip(x, [0, 1])),
    gradient: true,
  },
  "cuts and zeros around": {
    covers: ["shrink", "pad"],
    inputs: [normal(4, 6)],
    fn: (x) =>
      np.multiply(
        np.pad(x, [
          [1, 2],
          [0, 3],
        ]),
        2,
      ),
    gradient: true,
  },
  "split and concatenate": {
    covers: ["split", "concatenate", "shrink"],
    inputs: [normal(2, 6)],
    fn: (x) => {
      const [a, b, c] = np.split(x, [1, 3], 1);
      return np.concatenate([np.multiply(c!, 2), a!, b!], 1);
    },
    gradient: true,
  },
  "rows by index": {
    covers: ["gather", "scatter"],
    inputs: [normal(5, 3)],
    fn: (x) => np.take(x, constant(int32([4, 0, 4, 2], [2, 2])), 0),
    gradient: true,
  },
  "columns by index": {
    covers: ["gather", "scatter"],
    inputs: [normal(2, 5, 3)],
    fn: (x) => np.take(x, constant(int32([1, 1, 3], [3])), 1),
    gradient: true,
  },
  sorting: { covers: ["sort"], inputs: [normal(3, 6)], fn: (x) => np.sort(x) },
  "order of elements": { covers: ["argsort"], inputs: [normal(3, 6)], fn: (x) => np.astype(np.argsort(x), np.float32) },
  "no gradient through": {
    covers: ["stop_gradient"],
    inputs: [normal(4)],
    fn: (x) => np.multiply(lax.stopGradient(x), x),
    gradient: true,
  },
  "softmax, log-softmax and GELU": {
    covers: ["exp"],
    inputs: [normal(3, 5)],
    fn: (x) => np.add(nn.softmax(x, -1), np.multiply(nn.logSoftmax(x, -1), nn.gelu(x, { approximate: false }))),
    gradient: true,
  },
};

/** The value, and with `gradient` also the derivative of a weighted sum of it. */
const programOf =
  ({ fn, gradient }: Case) =>
  (...args: Array[]): Tree<Array> => {
    if (!gradient) return [fn(...args)];
    const { loss, aux, gradients } = valueAndGrad((leaves: Array[]) => {
      const value = fn(...leaves);
      // Asymmetric weights, so that a gradient in the wrong place is noticed.
      const weights = float32(
        Float32Array.from({ length: value.size }, (_, i) => Math.sin(i + 1)),
        value.shape,
      );
      return { loss: np.sum(np.multiply(value, constant(weights))), aux: [value] };
    }, args);
    return [loss, aux, gradients];
  };

async function onDevice(device: "cpu" | "wasm", example: Case): Promise<Tensor[]> {
  const program = await compile(programOf(example), example.inputs, { device, name: "case" });
  try {
    return tree.leaves(await read(await program.run(...example.inputs)));
  } finally {
    await program.dispose();
  }
}

/** Runs with standard operators only, as on other devices and in exported files. */
async function withStandardOperators(example: Case): Promise<OrtTensor[]> {
  const { graph, constants } = await trace(programOf(example), example.inputs, "case");
  const names = (prefix: string, list: readonly unknown[]) => list.map((_, index) => `${prefix}${index}`);
  const inputNames = names("i", graph.inputs);
  const outputNames = names("o", graph.outputs);
  const initializers = new Map(constants.map((value, index) => [index, value]));
  const options = { name: "case", inputNames, outputNames, initializers, portable: true };
  const session = await InferenceSession.create(lower(simplify(graph), options), { logSeverityLevel: 3 });
  const feeds = example.inputs.map(({ dtype, data, shape }, index): [string, OrtTensor] => [
    inputNames[constants.length + index]!,
    new OrtTensor(dtype, data, shape),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  return outputNames.map((name) => results[name]!);
}

for (const [name, example] of Object.entries(cases))
  test(`${name}: ONNX Runtime agrees with jax-js`, async () => {
    const reference = await onDevice("wasm", example);
    const results = { cpu: await onDevice("cpu", example), standard: await withStandardOperators(example) };
    for (const [way, actual] of Object.entries(results)) {
      assert.equal(actual.length, reference.length);
      reference.forEach((expected, output) => {
        const values = [...(actual[output]!.data as Float32Array)].map(Number);
        assert.equal(values.length, expected.data.length);
        const largest = [...expected.data].map(Number).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        expected.data.forEach((right, i) => {
          const close = Math.abs(values[i]! - right) <= 3e-5 * largest;
          assert.ok(close, `${way}: output ${output}, element ${i}: ${values[i]}, jax-js ${right}`);
        });
      });
    }
  });

test("every primitive with a lowering occurs in these programs", async () => {
  const seen = new Set<string>();
  for (const example of Object.values(cases)) {
    const { graph } = await trace(programOf(example), example.inputs, "case");
    for (const { primitive } of [...graph.equations, ...simplify(graph).equations]) seen.add(primitive);
  }
  assert.deepEqual(
    supportedPrimitives.filter((primitive) => !seen.has(primitive)),
    [],
  );
});

test("a primitive without a lowering is named, with the function", async () => {
  const bits = (x: Array) => [np.bitwiseXor(x, 5)];
  await assert.rejects(
    compile(bits, [ints(0, 9, 3)], { name: "my loss" }),
    /my loss uses "bit_combine", which has no ONNX lowering/,
  );
});
