import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { drawLabels, stratifiedSplit } from "../../../src/training/data/split.ts";

const someLabels = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 8, maxLength: 120 })
  .map((labels) => Int32Array.from(labels));

test("a split keeps every row once and holds out its share of each class", () => {
  fc.assert(
    fc.property(someLabels, fc.nat(), (labels, seed) => {
      const { kept, held } = stratifiedSplit(labels, 0.2, seed);
      assert.deepEqual(
        [...kept, ...held].sort((a, b) => a - b),
        [...labels.keys()],
      );
      for (const label of new Set(labels)) {
        const all = labels.filter((other) => other === label).length;
        const out = held.filter((row) => labels[row] === label).length;
        assert.equal(out, all < 2 ? 0 : Math.max(1, Math.round(all * 0.2)));
      }
      assert.deepEqual(stratifiedSplit(labels, 0.2, seed), { kept, held });
    }),
  );
});

const someGroups = someLabels.chain((labels) =>
  fc.record({
    labels: fc.constant(labels),
    groups: fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: labels.length, maxLength: labels.length })
      .map((groups) => Int32Array.from(groups)),
  }),
);

test("a split cuts no group, keeps something of every class, and holds out its share where groups allow it", () => {
  fc.assert(
    fc.property(someGroups, fc.nat(), ({ labels, groups }, seed) => {
      const { kept, held } = stratifiedSplit(labels, 0.2, seed, groups);
      assert.deepEqual(
        [...kept, ...held].sort((a, b) => a - b),
        [...labels.keys()],
      );
      const heldGroups = new Set(held.map((row) => groups[row]!));
      assert.ok(!kept.some((row) => heldGroups.has(groups[row]!)));
      for (const label of new Set(labels)) {
        const rowsOf = (rows: Int32Array) => rows.filter((row) => labels[row] === label);
        assert.ok(rowsOf(kept).length > 0, `nothing is left of class ${label}`);
        const all = rowsOf(Int32Array.from(labels.keys()));
        const wanted = all.length < 2 ? 0 : Math.max(1, Math.round(all.length * 0.2));
        if (rowsOf(held).length >= wanted) continue;
        // Holding out any further group would leave some class empty.
        for (const row of rowsOf(kept)) {
          const group = kept.filter((other) => groups[other] === groups[row]);
          const isAll = (member: number) =>
            kept.every((other) => labels[other] !== labels[member] || groups[other] === groups[row]);
          assert.ok(group.some(isAll), `group ${groups[row]} could be held out`);
        }
      }
    }),
  );
});

test("where every row is its own group, the split is that without groups", () => {
  fc.assert(
    fc.property(someLabels, fc.nat(), fc.double({ min: 0, max: 0.5, noNaN: true }), (labels, seed, share) => {
      const own = Int32Array.from(labels.keys());
      assert.deepEqual(stratifiedSplit(labels, share, seed, own), stratifiedSplit(labels, share, seed));
    }),
  );
});

test("a class may be very large", () => {
  const { kept, held } = stratifiedSplit(new Int32Array(300_000), 0.1, 0);
  assert.deepEqual([kept.length, held.length], [270_000, 30_000]);
});

test("drawn labels are spread evenly over the classes", () => {
  fc.assert(
    fc.property(someLabels, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (labels, seed, share) => {
      const classes = new Set(labels).size;
      const count = classes + Math.floor(share * (labels.length - classes));
      const drawn = drawLabels(labels, count, seed);
      assert.equal(new Set(drawn).size, count);
      const counts = [...new Set(labels)].map((label) => ({
        taken: drawn.filter((row) => labels[row] === label).length,
        all: labels.filter((other) => other === label).length,
      }));
      const most = Math.max(...counts.map(({ taken }) => taken));
      for (const { taken, all } of counts)
        assert.ok(taken >= Math.min(all, most - 1), `${taken} of ${all}, most ${most}`);
    }),
  );
});

test("too many or too few labels are refused", () => {
  const labels = Int32Array.of(0, 0, 1, 1, 2);
  assert.throws(() => drawLabels(labels, 6, 0), /6 labels were asked for; the training data have 5/);
  assert.throws(() => drawLabels(labels, 2, 0), /2 labels are too few for 3 classes/);
});
