/** Two whole updates, with Adam, the delayed actor, targets and copies, are PyTorch's in agent-updates.py. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompanionDefinition } from "../../../src/agents/agent.ts";
import { findAgent, type Named } from "../../../src/agents/index.ts";
import { buildTeam } from "../../../src/agents/team.ts";
import { float32, np, Rng, scalar, type Tensor, tree } from "../../../src/array/index.ts";
import { box } from "../../../src/environments/space.ts";
import { programsOf } from "../../../src/training/agents/programs.ts";
import { BATCH, STATES, WIDTH, windows } from "../../fixtures/agents.ts";
import { assertMatches, fill, torchCase, weights } from "../../fixtures/torch/reference.ts";

const spaces = { observation: { state: box([STATES], -1, 1) }, action: box([2], -1, 1) };
const td3 = { discount: 0.9, noiseClip: 0.15, targetRate: 0.1, bonusDiscount: 0.8, bonusWeight: 0.7 };

/** Draws the fixture's noise. */
class Noise extends Rng {
  override split(): Rng {
    return this;
  }
  override normals(shape: readonly number[]): Tensor {
    return fill("noise", shape);
  }
}

/** Pays what is in the windows: only the second value is tested. */
const payer: CompanionDefinition = {
  ...{ kind: "agent", role: "companion", name: "payer", paper: "", summary: "" },
  options: (await findAgent("td3+rnd")).companions[0]!.definition.options,
  offers: () => ({ hasBonus: true }),
  build: () => ({ length: 1, init: () => ({}), loss: () => ({ loss: np.array(0) }) }),
};

const cases: readonly (readonly [name: string, named: Named, options: Readonly<Record<string, unknown>>])[] = [
  ["td3", await findAgent("td3"), { width: WIDTH }],
  ["td3+sale", await findAgent("td3+sale"), { td3Width: WIDTH, saleWidth: 3, hidden: 7, every: 2 }],
  [
    "td3 with a bonus",
    { ...(await findAgent("td3")), companions: [{ definition: payer, weight: 1 }] },
    { td3Width: WIDTH },
  ],
];

for (const [name, named, options] of cases)
  test(`${name}: two updates as torch's`, async () => {
    const expected = await torchCase("agent-updates", name);
    const team = buildTeam(named, spaces, { ...td3, ...options });
    const programs = programsOf(team, spaces.observation, { learningRate: 0.01, batchSize: BATCH }, new Rng(0));
    const begun = await programs.named(programs.begin(new Rng(0)));
    const range = { low: scalar(-1), high: scalar(0.5), least: scalar(-0.1), most: scalar(0.1) };
    const memory = weights(begun.memory, "m");
    const own = memory.td3 as Record<string, never>;
    let state = programs.fromNamed({
      ...begun,
      params: weights(begun.params),
      memory: { ...memory, td3: { ...own, range } },
    });
    for (const index of [0, 1]) {
      const result = await programs.update(state, windows(1, "numbers"), new Noise(0), index, 0);
      state = result.state;
      for (const [key, value] of Object.entries(result.metrics)) {
        const told =
          expected[`${key} ${index}`] ?? (key === "actorLoss" && index === 1 ? expected.actorLoss : undefined);
        if (told) assertMatches(scalar(value), told, `${key} of update ${index}`);
      }
      assert.equal(result.priority !== undefined, name === "td3+sale");
      if (result.priority) assertMatches(float32(result.priority, [BATCH]), expected[`priority ${index}`], "priority");
    }
    const after = await programs.named(state);
    const { range: last, ...others } = after.memory.td3 as Record<string, never>;
    const found = { p: after.params, m: { ...after.memory, td3: others } };
    const leaves = tree.entries<Tensor>(found);
    const paths = Object.keys(expected).filter((key) => /^[pm]\./.test(key));
    assert.deepEqual(leaves.map(([path]) => path).sort(), paths.sort());
    for (const [path, leaf] of leaves) assertMatches(leaf, expected[path], path, 1e-4);
    if (name === "td3+sale") {
      const bounds = tree.leaves<Tensor>(last!).map(({ data }) => data[0]!);
      assertMatches(float32(bounds, [4]), expected.range, "range");
    }
    await programs.dispose();
  });
