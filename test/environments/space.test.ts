import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../src/array/rng.ts";
import {
  type ActionSpace,
  actionSize,
  assertAction,
  boundOf,
  box,
  discrete,
  randomAction,
  spaceText,
} from "../../src/environments/space.ts";
import { UserError } from "../../src/foundation/errors.ts";

const bounds = fc.tuple(fc.float({ min: -50, max: 50, noNaN: true }), fc.float({ min: 0, max: 9, noNaN: true }));
const boxes: fc.Arbitrary<ActionSpace> = fc.array(bounds, { minLength: 1, maxLength: 6 }).map((each) =>
  box(
    [each.length],
    each.map(([low]) => low),
    each.map(([low, width]) => low + width),
  ),
);
const spaces = fc.oneof(
  boxes,
  fc.integer({ min: 1, max: 40 }).map((count) => discrete(count)),
);

test("random actions are of their space, and depend on the generator alone", () => {
  fc.assert(
    fc.property(spaces, fc.nat(), (space, seed) => {
      const action = randomAction(space, new Rng(seed));
      assertAction(space, action);
      assert.deepEqual(randomAction(space, new Rng(seed)), action);
      action.forEach((value, at) => {
        const [low, high] =
          space.kind === "box" ? [boundOf(space.low, at), boundOf(space.high, at)] : [0, space.count - 1];
        assert.ok(value >= Math.fround(low) && value <= Math.fround(high));
      });
    }),
  );
  assert.throws(() => randomAction(box([1], -Infinity, 1), new Rng(0)), /no bounds at 0/);
});

test("an action of another size, with no number in it, or that is no choice, is refused on one line", () => {
  const refused = (space: ActionSpace, action: Float32Array) =>
    assert.throws(
      () => assertAction(space, action),
      (error: Error) => error instanceof UserError && !error.message.includes("\n"),
    );
  fc.assert(
    fc.property(
      spaces,
      fc.nat(),
      fc.nat(),
      fc.constantFrom(Number.NaN, Infinity, -Infinity),
      (space, seed, where, bad) => {
        const action = randomAction(space, new Rng(seed));
        refused(space, Float32Array.of(...action, 0));
        refused(space, action.subarray(1));
        action[where % action.length] = bad;
        refused(space, action);
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      (count, choice) => {
        const isChoice = Number.isInteger(choice) && choice >= 0 && choice < count;
        if (isChoice) assertAction(discrete(count), Float32Array.of(choice));
        else refused(discrete(count), Float32Array.of(choice));
      },
    ),
  );
});

test("spaces in words", () => {
  assert.equal(spaceText(discrete(2)), "2 choices");
  assert.equal(spaceText(discrete(2, ["left", "right"])), "2 choices (left, right)");
  assert.equal(spaceText(box([64, 64], 0, 1)), "64 × 64 numbers from 0 to 1");
  assert.equal(spaceText(box([2], [-1, -2], 3, ["x", "y"])), "2 numbers (x, y) from (-1, -2) to 3");
  assert.equal(spaceText(box([1], -Infinity, Infinity)), "1 number without bounds");
  assert.equal(spaceText(box([3], 0, Infinity)), "3 numbers from 0 to Infinity");
  assert.equal(actionSize(box([3, 2], 0, 1)), 6);
  assert.equal(actionSize(discrete(7)), 1);
});
