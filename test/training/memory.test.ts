import assert from "node:assert/strict";
import { test } from "node:test";
import { filled } from "../../src/array/index.ts";
import { release } from "../../src/training/memory.ts";
import { settleMemory } from "../../src/training/settle-memory.ts";

test("unreferenced memory is released", () => {
  let kept: object[] | undefined = Array.from({ length: 1e6 }, (_, index) => ({ index }));
  const full = process.memoryUsage().heapTotal;
  assert.equal(kept.length, 1e6);
  kept = undefined;
  settleMemory({});
  const given = full - process.memoryUsage().heapTotal;
  assert.ok(given > 20e6, `${given} bytes of ${full}`);
});

test("released arrays are empty at once", () => {
  const batch = { image: { pixels: filled([2 ** 22], 1) }, keep: filled([4], 2) };
  const before = process.memoryUsage().arrayBuffers;
  release(batch);
  assert.ok(before - process.memoryUsage().arrayBuffers >= 4 * 2 ** 22);
  // The same array may be two leaves of a state.
  release(batch);
  assert.equal(batch.keep.data.length, 0);
});
