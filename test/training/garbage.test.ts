import assert from "node:assert/strict";
import { test } from "node:test";
import { collectGarbage } from "../../src/training/garbage.ts";

test("memory that nothing holds any more is given back", () => {
  let kept: object[] | undefined = Array.from({ length: 1e6 }, (_, index) => ({ index }));
  const full = process.memoryUsage().heapTotal;
  assert.equal(kept.length, 1e6);
  kept = undefined;
  collectGarbage();
  const given = full - process.memoryUsage().heapTotal;
  assert.ok(given > 20e6, `${given} bytes of ${full}`);
});
