import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { windowsOf } from "../../src/data/windows.ts";

const startsOf = (samples: number, length: number, hop: number) => [...windowsOf([samples], length, hop).starts];

test("a recording no longer than a window is one entry, a longer one several", () => {
  assert.deepEqual(startsOf(5, 10, 10), [0]);
  assert.deepEqual(startsOf(10, 10, 10), [0]);
  assert.deepEqual(startsOf(14, 10, 10), [0]);
  assert.deepEqual(startsOf(15, 10, 10), [0, 5]);
  assert.deepEqual(startsOf(30, 10, 10), [0, 10, 20]);
  assert.deepEqual(startsOf(30, 10, 5), [0, 5, 10, 15, 20]);
  assert.deepEqual([...windowsOf([undefined, 25], 10, 10).wholes], [0, 1, 1, 1]);
});

test("windows lie inside their recording, ascend, and leave out less than half a hop", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      (samples, length, hop) => {
        const starts = startsOf(samples, length, hop);
        assert.equal(starts[0], 0);
        for (const [at, start] of starts.entries()) {
          assert.ok(start === 0 || start + length <= samples);
          assert.ok(at === 0 || start > starts[at - 1]!);
        }
        if (samples > length && hop <= length)
          assert.ok(samples - (starts.at(-1)! + length) < Math.max(1, 0.5 * Math.min(hop, length)));
      },
    ),
  );
});
