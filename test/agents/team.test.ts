import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arrays } from "../../src/agents/agent.ts";
import { findAgent } from "../../src/agents/index.ts";
import { buildTeam } from "../../src/agents/team.ts";
import { type Array, Rng } from "../../src/array/index.ts";
import { box, discrete } from "../../src/environments/space.ts";
import { evaluateOne, fill } from "../fixtures/torch/reference.ts";

const spaces = { observation: { state: box([5], 0, 1) }, action: discrete(3) };
const seen = fill("observation", [4, 5]);

/** What a team chooses by. */
async function chosenBy(options: Readonly<Record<string, unknown>>): Promise<Float32Array> {
  const team = buildTeam(await findAgent("dqn+rnd"), spaces, options);
  const params = team.init(new Rng(0));
  const memory = team.initMemory(new Rng(1), params);
  const { data } = await evaluateOne(
    ({ p, m, state }: { p: Arrays; m: Arrays; state: Array }) => team.act(p, m, { state }),
    [{ p: params, m: memory, state: seen }],
  );
  assert.ok(data instanceof Float32Array);
  return data;
}

test("how new a choice is counts for the choice, if it is known before", async () => {
  const [plain, none, some, more] = [
    await chosenBy({ of: "observation", optimism: 1 }),
    await chosenBy({ of: "choice", optimism: 0 }),
    await chosenBy({ of: "choice", optimism: 1 }),
    await chosenBy({ of: "choice", optimism: 3 }),
  ];
  // The networks of the agent are the same, whatever learns beside it.
  assert.deepEqual(plain, none);
  some.forEach((value, at) => {
    const added = value - none[at]!;
    if (at % 6 < 3) assert.equal(added, 0);
    else assert.ok(added > 0 && Math.abs(more[at]! - none[at]! - 3 * added) < 1e-3 * more[at]!);
  });
});
