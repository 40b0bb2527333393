import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/index.ts";
import { quantizeWeight } from "../../../src/engine/quantize/weights.ts";

for (const [name, shape, axis] of [
  ["rows of a matrix", [7, 12], 0],
  ["columns of a matrix", [12, 7], 1],
  ["kernels of a convolution", [5, 3, 3, 3], 0],
] as const)
  test(`${name}: no weight is off by more than half a step, and the largest is reached in every channel`, () => {
    const data = Float32Array.from(new Rng(1).normals(shape, 0.3).data);
    const { values, scales } = quantizeWeight(data, shape, axis);
    const stride = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const channels = shape[axis]!;
    assert.equal(scales.length, channels);
    const reached = new Int32Array(channels);
    data.forEach((weight, at) => {
      const channel = Math.floor(at / stride) % channels;
      const scale = scales[channel]!;
      assert.ok(Math.abs(values[at]! * scale - weight) <= scale * 0.500001, `weight ${at}`);
      reached[channel] = Math.max(reached[channel]!, Math.abs(values[at]!));
    });
    assert.deepEqual([...reached], new Array(channels).fill(127));
  });

test("integers are kept exactly, a channel of zeros too; 7 bits stay within 63", () => {
  const weights = Float32Array.of(127, -64, 3, 0, 0, 0, 0.5, -1.27, 0.01);
  const { values, scales } = quantizeWeight(weights, [3, 3], 0);
  assert.deepEqual([...values], [127, -64, 3, 0, 0, 0, 50, -127, 1]);
  assert.deepEqual([...scales], [1, 1, Math.fround(Math.fround(1.27) / 127)]);
  const restored = values.map((value) => value);
  assert.deepEqual(
    [...restored.subarray(0, 6)].map((value, at) => value * scales[Math.floor(at / 3)]!),
    [127, -64, 3, 0, 0, 0],
  );
  const narrow = quantizeWeight(weights, [3, 3], 0, 63);
  assert.equal(Math.max(...narrow.values.map(Math.abs)), 63);
});
