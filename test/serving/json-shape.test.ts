import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonShape } from "../../src/serving/json-shape.ts";

const shapeOf = (text: string) => jsonShape(new TextEncoder().encode(text));

/** Depth and commas of parsed JSON. */
function measured(value: unknown): { depth: number; commas: number } {
  if (typeof value !== "object" || value === null) return { depth: 0, commas: 0 };
  const parts = Object.values(value).map(measured);
  return {
    depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)),
    commas: Math.max(0, parts.length - 1) + parts.reduce((sum, { commas }) => sum + commas, 0),
  };
}

test("depth and number of values are those of the parsed JSON, whatever its strings", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const whole = { [text]: value, b: ['"', "\\", '\\"', "[{,", text] };
      const { depth, commas } = measured(whole);
      assert.deepEqual(shapeOf(JSON.stringify(whole)), { depth, values: commas + 1 });
    }),
  );
});

test("what is not JSON has a shape too", () => {
  assert.deepEqual(shapeOf(""), { depth: 0, values: 1 });
  assert.deepEqual(shapeOf('["never closed, [[['), { depth: 1, values: 1 });
  assert.deepEqual(shapeOf('["\\'), { depth: 1, values: 1 });
  assert.deepEqual(shapeOf("]]][[,"), { depth: 0, values: 2 });
  assert.equal(shapeOf("[".repeat(1_000_000)).depth, 1_000_000);
});
