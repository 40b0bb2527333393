import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, lax, nn, np, Rng, type Tensor } from "../../../src/array/index.ts";
import { type FileInput, openOnnx, toOnnx } from "../../../src/engine/index.ts";
import { calibrate } from "../../../src/engine/quantize/calibrate.ts";
import { quantize } from "../../../src/engine/quantize/index.ts";
import { graphOf, transformModel } from "../../../src/engine/quantize/onnx-graph.ts";
import { preparation } from "../../../src/engine/quantize/prepare.ts";
import { simplifyOnnx } from "../../../src/engine/quantize/simplify.ts";
import { asymmetric, observedTensors } from "../../../src/engine/quantize/static.ts";
import { LARGEST_IN_SUMS, quantizeWeight } from "../../../src/engine/quantize/weights.ts";

const rng = new Rng(11);

/** One output of a file. */
async function outputOf(model: Uint8Array, feeds: Record<string, FileInput>, name = "y"): Promise<Float32Array> {
  const file = await openOnnx(model);
  try {
    const { data } = (await file.run(feeds, [name]))[name]!;
    return Float32Array.from(data);
  } finally {
    await file.dispose();
  }
}

/** ‖a − b‖ / ‖b‖ */
function difference(a: Float32Array, b: Float32Array): number {
  assert.equal(a.length, b.length);
  let [error, size] = [0, 0];
  b.forEach((value, at) => {
    error += (a[at]! - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}

const opsOf = (model: Uint8Array) => (graphOf(model).node ?? []).map(({ opType }) => opType ?? "");
const typesOf = (model: Uint8Array) =>
  new Map((graphOf(model).initializer ?? []).map(({ name, dataType }) => [name ?? "", dataType]));

// Two linear layers as `layers/linear.ts` has them.
const WIDTHS = [24, 48, 16] as const;
const layers = {
  first: { weight: rng.split("w1").normals([WIDTHS[1], WIDTHS[0]], 0.2), bias: rng.split("b1").normals([WIDTHS[1]]) },
  second: { weight: rng.split("w2").normals([WIDTHS[2], WIDTHS[1]], 0.2), bias: rng.split("b2").normals([WIDTHS[2]]) },
};
type Layer = { weight: Array; bias: Array };
const mlp = () =>
  toOnnx(
    ({ first, second }: { first: Layer; second: Layer }, x: Array) => {
      const apply = ({ weight, bias }: Layer, input: Array) => np.add(np.matmul(input, np.transpose(weight)), bias);
      return { y: apply(second, nn.relu(apply(first, x))) };
    },
    [{ dtype: "float32", shape: [1, WIDTHS[0]] }],
    { name: "mlp", inputNames: ["x"], outputNames: ["y"], params: layers },
  );
const batch = (seed: number, rows: number): Tensor => new Rng(seed).normals([rows, WIDTHS[0]]);

test("linear layers: int8 and close to the float model, dynamic and static, for any batch", async () => {
  const model = await mlp();
  const calibration = [1, 2, 3].map((seed) => ({ x: batch(seed, 32) }));
  const small = { dynamic: await quantize(model), static: await quantize(model, { calibration }) };
  for (const [kind, file] of Object.entries(small)) {
    assert.equal([...typesOf(file).values()].filter((type) => type === 3).length, 2, kind);
    for (const rows of [1, 5]) {
      const x = batch(40 + rows, rows);
      const apart = difference(await outputOf(file, { x }), await outputOf(model, { x }));
      assert.ok(apart > 0 && apart < 0.02, `${kind}, ${rows} rows: ${apart}`);
    }
  }
  assert.ok(opsOf(small.dynamic).includes("MatMulInteger") && !opsOf(small.dynamic).includes("MatMul"));
  assert.ok(opsOf(small.static).includes("QuantizeLinear"));
});

test("a static product is exactly what its scales imply", async () => {
  const [rows, inner, columns] = [6, 24, 10];
  const weight = new Rng(2).normals([columns, inner], 0.3);
  const model = await toOnnx(
    (params: { weight: Array }, x: Array) => ({ y: np.matmul(x, np.transpose(params.weight)) }),
    [{ dtype: "float32", shape: [1, inner] }],
    { name: "product", inputNames: ["x"], outputNames: ["y"], params: { weight } },
  );
  const x = new Rng(3).normals([rows, inner]);
  const found = await outputOf(await quantize(model, { calibration: [{ x }] }), { x });
  const { scale, zero } = asymmetric({ min: Math.min(...x.data), max: Math.max(...x.data) });
  const { values, scales } = quantizeWeight(weight.data as Float32Array, [columns, inner], 0, LARGEST_IN_SUMS);
  const whole = [...x.data].map((value) => Math.max(0, Math.min(255, roundToEven(value / scale) + zero)));
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += (whole[row * inner + k]! - zero) * values[column * inner + k]!;
      assert.ok(Math.abs(found[row * columns + column]! - sum * scale * scales[column]!) < 1e-5);
    }
});

/** ONNX rounds halves to even. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

test("convolutions with BatchNorm, ReLU and a shortcut: the norm goes into the kernel, and the result stays close", async () => {
  const params = {
    stem: rng.split("stem").normals([8, 3, 3, 3], 0.3),
    body: rng.split("body").normals([8, 8, 3, 3], 0.2),
    scale: rng.split("scale").uniforms([8, 1, 1], 0.5, 2),
    shift: rng.split("shift").normals([8, 1, 1]),
  };
  const model = await toOnnx(
    ({ stem, body, scale, shift }: Record<keyof typeof params, Array>, x: Array) => {
      const conv = (input: Array, kernel: Array) =>
        lax.conv(
          input,
          kernel,
          [1, 1],
          [
            [1, 1],
            [1, 1],
          ],
        );
      const norm = (input: Array) => np.add(np.multiply(input, scale), shift);
      const started = nn.relu(norm(conv(x, stem)));
      return { y: np.mean(nn.relu(np.add(started, norm(conv(started, body)))), [2, 3]) };
    },
    [{ dtype: "float32", shape: [1, 3, 8, 8] }],
    { name: "convolutions", inputNames: ["x"], outputNames: ["y"], params },
  );
  const x = new Rng(5).normals([4, 3, 8, 8]);
  const expected = await outputOf(model, { x });
  const calibration = [6, 7].map((seed) => ({ x: new Rng(seed).normals([16, 3, 8, 8]) }));
  const small = { dynamic: await quantize(model), static: await quantize(model, { calibration }) };
  for (const [kind, file] of Object.entries(small)) {
    const apart = difference(await outputOf(file, { x }), expected);
    assert.ok(apart > 0 && apart < 0.03, `${kind}: ${apart}`);
    assert.equal([...typesOf(file).values()].filter((type) => type === 3).length, 2, kind);
  }
  // The biases, which hold the norm's shift, are integers too; `max(x, 0)` has become `Relu`.
  assert.equal([...typesOf(small.static).values()].filter((type) => type === 6).length, 2);
  assert.equal(opsOf(small.static).filter((op) => op === "Relu").length, 2);
});

test("a token table tied to the output layer is stored once, and read both by rows and in a product", async () => {
  const [tokens, width] = [512, 24];
  const table = new Rng(8).normals([tokens, width], 0.3);
  const model = await toOnnx(
    (params: { table: Array }, ids: Array) => {
      const rows = np.take(params.table, ids, 0);
      return { y: rows, logits: np.matmul(rows, np.transpose(params.table)) };
    },
    [{ dtype: "int32", shape: [1] }],
    { name: "tied", inputNames: ["ids"], outputNames: ["y", "logits"], params: { table } },
  );
  const small = await quantize(model);
  assert.ok(small.length < model.length * 0.4, `${small.length} of ${model.length}`);
  const ids: FileInput = { dtype: "int32", shape: [3], data: Int32Array.of(5, 0, 511) };
  for (const name of ["y", "logits"])
    assert.ok(difference(await outputOf(small, { ids }, name), await outputOf(model, { ids }, name)) < 0.02, name);
  // Rows are never summed in 16 bits: with all 8 bits they are close on any processor, and still share the table.
  const full = await quantize(model, { fullRange: true });
  assert.ok(difference(await outputOf(full, { ids }), await outputOf(model, { ids })) < 0.01);
  assert.equal(full.length, small.length);
});

test("calibration finds the smallest and largest value; a percentile leaves out outliers", async () => {
  const prepared = transformModel(await simplifyOnnx(await mlp()), preparation);
  const names = observedTensors(graphOf(prepared));
  assert.equal(names.length, 2);
  const x = batch(9, 400);
  x.data[17] = 50;
  const ranges = await calibrate(prepared, names, [{ x }]);
  assert.deepEqual(ranges.get("x"), { min: Math.min(...x.data), max: 50 });
  const hidden = names.find((name) => name !== "x")!;
  assert.equal(ranges.get(hidden)?.min, 0);
  const { min, max } = (await calibrate(prepared, names, [{ x }], { percentile: 99.9 })).get("x")!;
  assert.ok(max < 6 && max > 2.5, String(max));
  assert.ok(min > Math.min(...x.data) - 0.05 && min < -2.5, String(min));
});

test("zero is exact in every range, since padding is zero", () => {
  for (const range of [
    { min: -1.3, max: 2.7 },
    { min: 0.4, max: 9 },
    { min: -5, max: -1 },
    { min: 0, max: 0 },
  ]) {
    const { scale, zero } = asymmetric(range);
    assert.ok(Number.isInteger(zero) && zero >= 0 && zero <= 255 && scale > 0);
    assert.ok((0 - zero) * scale <= Math.min(0, range.min) + scale && (255 - zero) * scale >= range.max - scale);
  }
});
