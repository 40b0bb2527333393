import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { classesOf, sharesOf } from "../../../src/evaluation/dense/cells.ts";
import { addPixels, overlapOf, pixelCounts } from "../../../src/evaluation/scores/overlap.ts";

interface Case {
  readonly grid: readonly [number, number];
  readonly width: number;
  readonly height: number;
  readonly scores: readonly number[];
  readonly predicted: readonly number[];
  readonly truth: readonly number[];
  readonly iou: readonly (number | null)[];
  readonly pixelAccuracy: number;
}

const { cases } = JSON.parse(await readFile(new URL("../../fixtures/torch/dense.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

test("scores of cells become classes of pixels, and these overlap with the truth, as in PyTorch", () => {
  for (const { grid, width, height, scores, predicted, truth, iou, pixelAccuracy } of cases) {
    const found = classesOf(Float32Array.from(scores), grid, { width, height });
    assert.deepEqual([...found.data], predicted);
    const pixels = pixelCounts(iou.length);
    addPixels(pixels, { width, height, data: Uint8Array.from(truth) }, found);
    const overlap = overlapOf(pixels);
    overlap.iou.forEach((one, label) => {
      assert.ok(one === iou[label] || Math.abs(one! - iou[label]!) < 1e-12, `${one} and ${iou[label]}`);
    });
    assert.ok(Math.abs(overlap.pixelAccuracy - pixelAccuracy) < 1e-12);
  }
});

test("a class that is nowhere has no IoU, and is not in the mean", () => {
  const pixels = pixelCounts(3);
  const mask = (...data: number[]) => ({ width: data.length, height: 1, data: Uint8Array.from(data) });
  addPixels(pixels, mask(0, 0, 2, 2, 255), mask(0, 2, 2, 2, 1));
  // Class 0: 1 of 2; class 2: 2 of 3; the pixel that nobody knows does not count.
  assert.deepEqual(overlapOf(pixels), {
    meanIoU: (1 / 2 + 2 / 3) / 2,
    iou: [1 / 2, null, 2 / 3],
    pixelAccuracy: 3 / 4,
  });
});

test("a cell has the shares of its pixels that have a class", () => {
  const mask = { width: 4, height: 2, data: Uint8Array.from([0, 1, 1, 255, 1, 1, 255, 255]) };
  assert.deepEqual([...sharesOf(mask, [1, 2], 2)], [0.25, 0.75, 0, 1]);
  assert.deepEqual([...sharesOf(mask, [2, 2], 2)], [0.5, 0.5, 0, 1, 0, 1, 0, 0]);
  // Sides that the grid does not divide: a pixel is of the cell that has its centre.
  const line = { width: 5, height: 1, data: Uint8Array.from([0, 0, 0, 1, 1]) };
  assert.deepEqual([...sharesOf(line, [1, 2], 2)], [1, 0, Math.fround(1 / 3), Math.fround(2 / 3)]);
  // More cells than pixels: each has its nearest.
  const small = { width: 2, height: 1, data: Uint8Array.from([0, 1]) };
  assert.deepEqual([...sharesOf(small, [1, 4], 2)], [1, 0, 1, 0, 0, 1, 0, 1]);
});
