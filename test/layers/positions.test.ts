import assert from "node:assert/strict";
import { test } from "node:test";
import { sinCosPositions } from "../../src/layers/positions.ts";
import { assertMatches, torchCase } from "../fixtures/torch/reference.ts";

test("sine–cosine positions are those of MAE's code", async () => {
  const positions = sinCosPositions(3, 5, 8);
  assert.deepEqual(positions.shape, [15, 8]);
  assertMatches(positions, (await torchCase("models", "positions"))["3 x 5"], "positions");
});

test("a width that four does not divide is refused", () => {
  assert.throws(() => sinCosPositions(2, 2, 6), /multiple of 4, not 6/);
});
