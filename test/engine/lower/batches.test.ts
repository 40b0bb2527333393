/** A file with two free batches, such as images and texts, gives what the program gives at any two sizes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { type Array, float32, int32, np, Rng, type Tensor } from "../../../src/array/index.ts";
import { toOnnx } from "../../../src/engine/index.ts";
import { softmax } from "../../../src/layers/functions/softmax.ts";
import { evaluateOne } from "../../fixtures/torch/reference.ts";
import { close } from "../../support/close.ts";

const DIM = 5;
const LENGTH = 6;
const WORDS = 7;

const rng = new Rng(3);
const params = {
  image: rng.split("image").normals([3 * 4, DIM], 1),
  words: rng.split("words").normals([WORDS, DIM], 1),
  pair: rng.split("pair").normals([DIM, 2], 1),
};
type Params = Readonly<Record<keyof typeof params, Array>>;

const images = (p: Params, pixels: Array) => np.matmul(np.reshape(pixels, [-1, 12]), p.image);
const texts = (p: Params, ids: Array, mask: Array) => {
  const seen = np.where(np.equal(mask, 0), 0, 1);
  const hidden = np.multiply(np.take(p.words, ids, 0), np.reshape(seen, [-1, LENGTH, 1]));
  return { hidden, vectors: np.sum(hidden, 1) };
};

/** Two towers, their products, and a layer on each pair of their vectors: extents of one batch, the other, and both multiplied. */
function model(p: Params, { pixels }: { pixels: Array }, ids: Array, mask: Array): Record<string, Array> {
  const left = images(p, pixels);
  const { hidden, vectors: right } = texts(p, ids, mask);
  const [rows, columns] = [left.shape[0]!, right.shape[0]!];
  const products = np.matmul(left, np.transpose(right));
  const each = np.multiply(np.reshape(left, [rows, 1, DIM]), np.reshape(right, [1, columns, DIM]));
  const pairs = np.reshape(np.matmul(np.reshape(each, [rows * columns, DIM]), p.pair), [rows, columns, 2]);
  return { products, shares: softmax(products), transposed: np.transpose(products), pairs, left, right, hidden };
}

const outputNames = ["products", "shares", "transposed", "pairs", "left", "right", "hidden"];
const inputNames = ["pixels", "ids", "mask"];
const example = { dtype: "int32", shape: [1, LENGTH] } as const;
const examples = [{ pixels: { dtype: "float32", shape: [1, 3, 2, 2] } as const }, example, example];
const batches = { pixels: "images", ids: "texts", mask: "texts" };

function inputsOf(rows: number, columns: number) {
  const ids = Int32Array.from({ length: columns * LENGTH }, (_, at) => at % WORDS);
  const mask = Int32Array.from({ length: columns * LENGTH }, (_, at) =>
    at % LENGTH <= Math.floor(at / LENGTH) % LENGTH ? 1 : 0,
  );
  return {
    pixels: new Rng(rows).normals([rows, 3, 2, 2], 1),
    ids: int32(ids, [columns, LENGTH]),
    mask: int32(mask, [columns, LENGTH]),
  };
}

const whole = ({ dtype, data, shape }: Tensor) => new OrtTensor(dtype, data, [...shape]);

test("two free batches: towers, their products and pairs, at any sizes", async () => {
  const file = await toOnnx(model, examples, { name: "towers", inputNames, outputNames, params, batches });
  const session = await InferenceSession.create(file);
  assert.deepEqual(
    session.outputMetadata.map((output) => output.isTensor && output.shape),
    [
      ["images", "texts"],
      ["images", "texts"],
      ["texts", "images"],
      ["images", "texts", 2],
      ["images", DIM],
      ["texts", DIM],
      ["texts", LENGTH, DIM],
    ],
  );
  for (const [rows, columns] of [
    [1, 3],
    [4, 2],
    [1, 1],
    [9, 9],
  ] as const) {
    const { pixels, ids, mask } = inputsOf(rows, columns);
    const given = { pixels: whole(pixels), ids: whole(ids), mask: whole(mask) };
    const outputs = await session.run(given);
    for (const name of outputNames) {
      const expected = await evaluateOne(
        (p: Params, pixels: Array, ids: Array, mask: Array) => model(p, { pixels }, ids, mask)[name]!,
        [params, pixels, ids, mask] as const,
        "cpu",
      );
      assert.deepEqual(outputs[name]!.dims, expected.shape, name);
      close(outputs[name]!.data as Float32Array, expected.data, 1e-5);
    }
  }
  await session.release();
});

test("tokens of the second batch may have any length, and their outputs are cut to it", async () => {
  const tokens = { length: LENGTH, ignored: ["token_type_ids"] };
  const file = await toOnnx(model, examples, { name: "towers", inputNames, outputNames, params, batches, tokens });
  const session = await InferenceSession.create(file);
  const { pixels } = inputsOf(3, 1);
  const ids = [2, 5, 1, 4];
  const int64 = (values: number[]) => new OrtTensor("int64", BigInt64Array.from(values, BigInt), [2, 2]);
  const outputs = await session.run({
    pixels: whole(pixels),
    ids: int64(ids),
    mask: int64([1, 1, 1, 0]),
    token_type_ids: int64([0, 0, 0, 0]),
  });
  assert.deepEqual(outputs.hidden!.dims, [2, 2, DIM]);
  assert.deepEqual(outputs.products!.dims, [3, 2]);
  const padded = { ids: int32([2, 5, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0], [2, LENGTH]) };
  const mask = int32([1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], [2, LENGTH]);
  const expected = await evaluateOne(
    (p: Params, pixels: Array, ids: Array, mask: Array) => model(p, { pixels }, ids, mask).products!,
    [params, pixels, padded.ids, mask] as const,
    "cpu",
  );
  close(outputs.products!.data as Float32Array, expected.data, 1e-5);
  await session.release();
});

test("a constant that counts the rows of one of the batches counts those of that batch", async () => {
  const count = (_: Params, a: Array, b: Array) => ({
    a: np.add(a, np.arange(a.shape[0]!)),
    b: np.add(b, np.arange(b.shape[0]!)),
  });
  const one = { dtype: "int32", shape: [1] } as const;
  const file = await toOnnx(count, [one, one], {
    ...{ name: "ramps", inputNames: ["a", "b"], outputNames: ["a+", "b+"], params },
    batches: { a: "first", b: "second" },
  });
  const session = await InferenceSession.create(file);
  const outputs = await session.run({ a: whole(int32([5, 5, 5], [3])), b: whole(int32([7, 7], [2])) });
  assert.deepEqual([...(outputs["a+"]!.data as Int32Array)], [5, 6, 7]);
  assert.deepEqual([...(outputs["b+"]!.data as Int32Array)], [7, 8]);
  await session.release();
});

test("more than two batches are refused", async () => {
  const one = { dtype: "float32", shape: [1, 2] } as const;
  await assert.rejects(
    toOnnx(
      (_: Params, a: Array, b: Array, c: Array) => ({ sum: np.add(np.sum(a), np.add(np.sum(b), np.sum(c))) }),
      [one, one, one],
      {
        ...{ name: "three", inputNames: ["a", "b", "c"], outputNames: ["sum"], params: float32([0], [1]) },
        batches: { a: "a", b: "b", c: "c" },
      },
    ),
    /three: at most 2 batches can be free, not a, b, c/,
  );
});
