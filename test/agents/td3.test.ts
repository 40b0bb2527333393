import assert from "node:assert/strict";
import { test } from "node:test";
import { findAgent } from "../../src/agents/index.ts";
import { td3 } from "../../src/agents/td3.ts";
import { buildTeam, teamOptions } from "../../src/agents/team.ts";
import { Rng } from "../../src/array/index.ts";
import { box, discrete } from "../../src/environments/space.ts";

const observation = { state: box([3], -1, 1) };
const action = box([2], -1, 1);

test("TD3 explores by normal noise within the bounds, and acts without it in evaluation", () => {
  const agent = td3.build({ observation, action, options: td3.options.parse({ explorationNoise: 0.3 }), offers: {} });
  const outputs = Float32Array.of(0.2, 0.95);
  assert.deepEqual(agent.choose(outputs), outputs);
  const drawn = Array.from({ length: 4000 }, (_, step) =>
    agent.choose(outputs, { rng: new Rng(0).split("act", step), step, steps: 4000 }),
  );
  assert.ok(drawn.every((each) => each.every((value) => value >= -1 && value <= 1)));
  const first = drawn.map(([value]) => value! - 0.2);
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  const deviation = Math.sqrt(first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / first.length);
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(deviation - 0.3) < 0.02, `${mean}, ${deviation}`);
});

test("what does not fit is said in one line", async () => {
  const choices = { observation, action: discrete(4) };
  assert.throws(() => td3.build({ ...choices, options: td3.options.parse({}), offers: {} }), /4 choices; use dqn/);
  await assert.rejects(findAgent("sale"), /learns beside an agent that acts.*td3\+sale|dqn\+sale/);
  await assert.rejects(findAgent("td3+dqn"), /td3 and dqn both act/);
  await assert.rejects(findAgent("td3+sal"), /did you mean sale/);
  await assert.rejects(findAgent("td3+sale:0"), /weight of sale must be a number above 0/);
  const named = await findAgent("td3+spr");
  assert.throws(() => buildTeam(named, { observation, action }, {}), /td3 has no trunk/);
  const owners = teamOptions(await findAgent("td3+sale"));
  assert.deepEqual(
    ["td3Width", "saleWidth", "discount", "every"].map((name) => owners.get(name)?.task.definition.name),
    ["td3", "sale", "td3", "sale"],
  );
});

test("LAP is on with embeddings, and can be turned on without, off with them", async () => {
  const prioritised = async (name: string, options: Readonly<Record<string, unknown>>) =>
    buildTeam(await findAgent(name), { observation, action }, options).hasPriorities;
  assert.equal(await prioritised("td3", {}), false);
  assert.equal(await prioritised("td3", { lap: "on" }), true);
  assert.equal(await prioritised("td3+sale", {}), true);
  assert.equal(await prioritised("td3+sale", { lap: "off" }), false);
});
