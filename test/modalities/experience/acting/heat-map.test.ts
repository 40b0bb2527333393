import assert from "node:assert/strict";
import { test } from "node:test";
import { heatColour, heatMap } from "../../../../src/modalities/experience/acting/heat-map.ts";

const seen = new Float32Array(16 * 16).fill(1);
const at = (rgb: Uint8Array, row: number, column: number) => [
  ...rgb.subarray((row * 64 + column) * 3, (row * 64 + column) * 3 + 3),
];

test("places are coloured by their predicted success, the better over the worse, where they are in the image", () => {
  const plans = [
    [0.5, 0.5, 0],
    [0.5, 0.5, 1],
    [-0.5, -0.5, 0],
    [0, -0.9, 0],
  ].map((plan) => Float32Array.from(plan));
  const { width, height, rgb } = heatMap(seen, 16, { plans, success: Float32Array.of(0.1, 0.9, 0.2, 0.5), chosen: 3 });
  assert.deepEqual([width, height, rgb.length], [64, 64, 64 * 64 * 3]);
  const [right, left, nothing] = [at(rgb, 16, 48), at(rgb, 48, 16), at(rgb, 16, 16)];
  assert.ok(right[0]! > 120 && right[1]! > 120 && right[2]! < 120, `up and to the right it is yellow-green: ${right}`);
  assert.ok(
    left[2]! > left[1]! && left[2]! > left[0]! - 20 && left[1]! < 100,
    `down and to the left it is violet: ${left}`,
  );
  assert.equal(new Set(nothing).size, 1);
});

test("the chosen grasp is a bar along its angle, counter-clockwise", () => {
  const bars = (angle: number) =>
    heatMap(seen, 16, { plans: [Float32Array.of(0, 0, angle)], success: Float32Array.of(0.5), chosen: 0 }).rgb;
  const isWhite = (rgb: Uint8Array, row: number, column: number) =>
    at(rgb, row, column).every((value) => value === 255);
  const [level, upright, slanted] = [bars(0), bars(Math.PI / 2), bars(Math.PI / 4)];
  assert.ok(isWhite(level, 32, 36) && !isWhite(level, 36, 32));
  assert.ok(isWhite(upright, 36, 32) && !isWhite(upright, 32, 36));
  assert.ok(isWhite(slanted, 28, 35) && !isWhite(slanted, 35, 35));
});

test("the scale goes from violet over green to yellow", () => {
  assert.deepEqual(heatColour(0), [68, 1, 84]);
  assert.deepEqual(heatColour(0.5), [33, 145, 140]);
  assert.deepEqual(heatColour(7), [253, 231, 37]);
});
