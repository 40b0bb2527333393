import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, constant, float32, int32, lax, nn, np, Rng, type Tensor, tree } from "../../src/array/index.ts";
import { compile, read, valueAndGrad } from "../../src/engine/index.ts";
import { recompute } from "../../src/engine/passes/recompute.ts";
import { trace } from "../../src/engine/trace.ts";
import { interpretGraph } from "../support/float64.ts";

/** Programs per run of the suite; `PROGRAMS=10000 npm test -- test/engine/random-programs.test.ts` is the long run. */
const PROGRAMS = Number(process.env.PROGRAMS ?? 120);
const LIMIT = 400;

/** An instruction: an operation, the earlier values it reads, and which of its variants to use. */
interface Instruction {
  readonly operation: number;
  readonly first: number;
  readonly second: number;
  readonly choice: number;
}

const axesOf = (x: Array) => x.shape.map((_, axis) => axis);
const axisOf = (x: Array, choice: number) => choice % x.ndim;
/** Rotates the axes, so that every layout occurs. */
const rotated = (x: Array, choice: number) => {
  const turn = choice % Math.max(1, x.ndim);
  return np.transpose(x, [...axesOf(x).slice(turn), ...axesOf(x).slice(0, turn)]);
};
const flat = (x: Array) => np.reshape(x, [x.size]);
/**
 * Cropped or repeated to a shape, by a product with zeros and ones: jax-js' engine sums tiled, split and reshaped arrays
 * wrongly (checked by hand), and the comparison would fail.
 */
const sized = (x: Array, ...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const chosen = new Float32Array(size * x.size);
  for (let row = 0; row < size; row++) chosen[row * x.size + (row % x.size)] = 1;
  return np.reshape(np.matmul(constant(float32(chosen, [size, x.size])), np.reshape(x, [x.size, 1])), shape);
};
const stepped = (length: number, step: number) =>
  constant(
    int32(
      Int32Array.from({ length }, (_, index) => (index * step) % length),
      [length],
    ),
  );

/** Every operation is defined for every input and keeps values within a few units, so that errors stay comparable. */
const operations: Readonly<Record<string, (a: Array, b: Array, choice: number) => Array>> = {
  add: (a, b) => np.add(a, sized(b, ...a.shape)),
  subtract: (a, b) => np.subtract(sized(b, ...a.shape), a),
  multiplySines: (a, b) => np.multiply(np.sin(a), np.cos(sized(b, ...a.shape))),
  scale: (a, _, choice) => np.multiply(np.multiply(a, [0, 1, -1, 0.5][choice % 4]!), 1.5),
  addRow: (a, b) => (a.ndim > 0 ? np.add(a, sized(b, a.shape.at(-1)!)) : a),
  multiplyColumn: (a, b) => (a.ndim > 1 ? np.multiply(a, np.sin(sized(b, ...a.shape.slice(0, -1), 1))) : np.sin(a)),
  divide: (a, b) => np.divide(a, np.add(np.square(sized(b, ...a.shape)), 1)),
  exp: (a) => np.exp(np.negative(np.square(a))),
  log: (a) => np.log(np.add(np.square(a), 1)),
  sqrt: (a) => np.sqrt(np.add(np.square(a), 0.5)),
  erf: (a) => lax.erf(a),
  erfc: (a) => lax.erfc(np.sin(a)),
  arcs: (a) => np.add(np.arctan(a), np.arcsin(np.multiply(np.sin(a), 0.5))),
  gelu: (a, _, choice) => nn.gelu(np.sin(a), { approximate: choice % 2 === 0 }),
  relu: (a) => nn.relu(np.add(a, 0.01234)),
  minimum: (a, b) => np.minimum(a, np.add(np.multiply(sized(b, ...a.shape), 0.7123), 0.0321)),
  maximum: (a, b) => np.maximum(np.add(np.multiply(sized(b, ...a.shape), 0.6543), 0.0123), a),
  where: (a, b, choice) => np.where(np.less(sized(b, ...a.shape), 0.1 * (choice % 3)), a, np.sin(a)),
  stop: (a) => np.add(a, lax.stopGradient(np.sin(a))),
  transpose: (a, _, choice) => rotated(a, choice),
  merge: (a, _, choice) => (choice % 2 && a.ndim > 2 ? np.reshape(a, [a.shape[0]!, -1]) : flat(a)),
  unmerge: (a) => (a.size % 6 === 0 ? np.reshape(a, [a.size / 6, 2, 3]) : np.reshape(a, [a.size, 1])),
  pad: (a, _, choice) =>
    np.pad(
      a,
      axesOf(a).map((axis): [number, number] => [(choice + axis) % 2, choice % 3]),
    ),
  shrink: (a, _, choice) => {
    const axis = axisOf(a, choice);
    return a.shape[axis]! > 1 ? np.split(a, [1 + (choice % (a.shape[axis]! - 1))], axis)[choice % 2]! : a;
  },
  flip: (a, _, choice) => np.flip(a, [axisOf(a, choice)]),
  concatenate: (a, b, choice) => np.concatenate([a, np.sin(sized(b, ...a.shape))], axisOf(a, choice)),
  sum: (a, _, choice) => np.multiply(np.sum(a, axisOf(a, choice), { keepdims: choice % 3 === 0 }), 0.4),
  mean: (a, _, choice) => np.mean(rotated(a, choice), axisOf(a, choice + 1), { keepdims: choice % 3 !== 0 }),
  max: (a, _, choice) => np.max(a, axisOf(a, choice), { keepdims: choice % 2 === 0 }),
  product: (a, _, choice) => np.prod(np.add(np.multiply(np.sin(a), 0.3), 1), axisOf(a, choice)),
  softmax: (a, _, choice) => nn.softmax(a, axisOf(a, choice)),
  logSoftmax: (a, _, choice) => np.multiply(nn.logSoftmax(a, axisOf(a, choice)), 0.5),
  normalise: (a) => {
    const centred = np.subtract(a, np.mean(a, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred), -1, { keepdims: true });
    return np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, 0.1))));
  },
  matmul: (a, b, choice) => {
    const rows = np.reshape(a, [-1, a.shape.at(-1)!]);
    const width = 1 + (choice % 4);
    return np.sin(np.matmul(rows, sized(b, a.shape.at(-1)!, width)));
  },
  batchedMatmul: (a, b) => np.sin(np.matmul(sized(a, 2, 3, 4), np.transpose(sized(b, 2, 5, 4), [0, 2, 1]))),
  // No gradient through indices: jax-js' scatter misreads permuted arrays. lower/indexing.test.ts tests the engine's.
  take: (a, _, choice) => {
    const axis = axisOf(a, choice);
    return np.add(np.take(lax.stopGradient(a), stepped(a.shape[axis]!, 1 + (choice % 3)), axis), np.sin(a));
  },
  sort: (a) => np.add(np.sort(lax.stopGradient(a), -1), np.sin(a)),
  convolve: (a, b, choice) => {
    const stride = 1 + (choice % 2);
    const pads: [number, number] = [choice % 3, (choice >> 1) % 2];
    return np.sin(lax.convGeneralDilated(sized(a, 2, 2, 5, 4), sized(b, 3, 2, 3, 2), [stride, 1], [pads, [1, 0]]));
  },
  convolve1d: (a, b, choice) =>
    np.sin(lax.convGeneralDilated(sized(a, 2, 3, 9), sized(b, 4, 3, 3), [1 + (choice % 3)], [[choice % 2, 1]])),
  pool: (a, _, choice) =>
    lax.reduceWindow(sized(a, 1, 2, 6, 6), (window) => np.max(window), [2, 2], [1 + (choice % 2), 2]),
};
const names = Object.keys(operations);

/** Runs the instructions on a growing list of values; the result is the sum of all unused values. */
function interpret(instructions: readonly Instruction[], inputs: readonly Array[]): Array {
  const values = [...inputs];
  const unused = new Set(values);
  for (const { operation, first, second, choice } of instructions) {
    const [a, b] = [values[first % values.length]!, values[second % values.length]!];
    const made = operations[names[operation % names.length]!]!(a, b, choice);
    const value = made.ndim === 0 || made.size > LIMIT ? sized(made, 3, 4) : made;
    unused.delete(a);
    unused.delete(b);
    values.push(value);
    unused.add(value);
  }
  return [...unused].reduce<Array>(
    (sum, value) => {
      const weights = Float32Array.from({ length: value.size }, (_, index) => Math.sin(index + 1));
      return np.add(sum, np.sum(np.multiply(value, constant(float32(weights, value.shape)))));
    },
    constant(float32(Float32Array.of(0), [])),
  );
}

/** The value and its gradients at all inputs. */
const programOf =
  (instructions: readonly Instruction[]) =>
  (...leaves: Array[]) => {
    const { loss, gradients } = valueAndGrad(
      (params: Array[]) => ({ loss: interpret(instructions, params), aux: [] }),
      leaves,
    );
    return [loss, gradients];
  };

async function onDevice(device: "cpu" | "wasm", instructions: readonly Instruction[], inputs: Tensor[]) {
  const compiled = await compile(programOf(instructions), inputs, { device, name: "random program", threads: 1 });
  const results = tree.leaves(await read(await compiled.run(...inputs)));
  await compiled.dispose();
  return results.map(({ data }) => [...data].map(Number));
}

/** The reference: the traced graph in double precision. */
async function exactly(instructions: readonly Instruction[], inputs: Tensor[]) {
  const { graph, constants } = await trace(programOf(instructions), inputs, "random program");
  const results = interpretGraph(graph, [...constants, ...inputs]);
  assert.deepEqual(interpretGraph(recompute(graph, 1), [...constants, ...inputs]), results, "recomputed");
  return results;
}

/** NaN if one of the numbers is, so that no bound holds. */
const largestDifference = (a: readonly number[], b: Float64Array): number =>
  b.reduce((most, value, index) => Math.max(most, Math.abs(value - a[index]!)), 0);

const instruction: fc.Arbitrary<Instruction> = fc.record({
  operation: fc.nat(names.length - 1),
  first: fc.nat(50),
  second: fc.nat(50),
  choice: fc.nat(11),
});

/** @throws when the program's value or a gradient differs */
async function agree(instructions: readonly Instruction[], seed: number): Promise<void> {
  const rng = new Rng(seed);
  const inputs = [rng.normals([2, 3, 4]), rng.normals([5]), rng.normals([3, 4])];
  const [onnx, wasm, exact] = [
    await onDevice("cpu", instructions, inputs),
    await onDevice("wasm", instructions, inputs),
    await exactly(instructions, inputs),
  ];
  const shown = instructions.map(({ operation }) => names[operation]).join(" → ");
  for (const [output, { data }] of exact.entries()) {
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const error = largestDifference(onnx[output]!, data) / largest;
    const wasmError = largestDifference(wasm[output]!, data) / largest;
    assert.ok(error <= 1e-4, `${shown}: output ${output} is off by ${error}, jax-js' by ${wasmError}`);
    assert.ok(wasmError <= 1e-2, `${shown}: output ${output}: jax-js is off by ${wasmError}, the engine by ${error}`);
  }
}

/** The long run reports its progress in parts and draws its seeds; the suite's run is the same each time. */
const PART = 500;
const parts = Array.from({ length: Math.ceil(PROGRAMS / PART) }, (_, part) => ({
  first: part * PART,
  count: Math.min(PART, PROGRAMS - part * PART),
  seed: process.env.PROGRAMS ? Math.floor(Math.random() * 2 ** 31) : 1,
}));

for (const { first, count, seed } of parts) {
  const name = `random programs ${first + 1} to ${first + count} (seed ${seed}) and their gradients`;
  test(`${name}: ONNX Runtime is within 1e-4 of double precision`, async () => {
    await fc.assert(fc.asyncProperty(fc.array(instruction, { minLength: 1, maxLength: 9 }), fc.nat(), agree), {
      numRuns: count,
      seed,
    });
  });
}
