import assert from "node:assert/strict";
import { test } from "node:test";
import { dqn } from "../../src/agents/dqn.ts";
import { Rng } from "../../src/array/index.ts";
import { box, discrete } from "../../src/environments/space.ts";

const observation = { state: box([5], 0, 1) };
const built = (options: Readonly<Record<string, unknown>> = {}, hasBonus = false) =>
  dqn.build({ observation, action: discrete(3), options: dqn.options.parse(options), offers: { hasBonus } });

test("choices: the best by reward in evaluation, by the weighted sum while learning, at random with probability ε", () => {
  const agent = built({ bonusWeight: 2, epsilon: 0.3, epsilonSteps: 0.5 }, true);
  const values = Float32Array.of(1, 3, 2, 0, 0, 1);
  assert.deepEqual([...agent.choose(values)], [1]);
  const shares = (step: number) => {
    const counts = [0, 0, 0];
    for (let at = 0; at < 3000; at++) {
      const rng = new Rng(at).split("act", step);
      counts[agent.choose(values, { rng, step, steps: 1000 })[0]!]! += 1 / 3000;
    }
    return counts;
  };
  const assertClose = (actual: readonly number[], expected: readonly number[]) =>
    actual.forEach((share, at) => {
      assert.ok(Math.abs(share - expected[at]!) < 0.04, `${actual} is not ${expected}`);
    });
  assertClose(shares(0), [1 / 3, 1 / 3, 1 / 3]);
  // Halfway down: 1 − 0.5 · 0.7 = 0.65 of the choices are random. The sum is highest for the last choice.
  assertClose(shares(250), [0.65 / 3, 0.65 / 3, 0.35 + 0.65 / 3]);
  assertClose(shares(900), [0.1, 0.1, 0.8]);
});

test("refused: numbers as actions, embeddings that it does not read", () => {
  const options = dqn.options.parse({});
  assert.throws(
    () => dqn.build({ observation, action: box([2], -1, 1), options, offers: {} }),
    /dqn acts by choices, and this environment by numbers; use td3/,
  );
  const offers = { features: { width: 8, every: 250 } };
  assert.throws(() => dqn.build({ observation, action: discrete(2), options, offers }), /reads no embeddings/);
});
