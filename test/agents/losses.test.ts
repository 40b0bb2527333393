/** Losses, bonuses and every gradient of the pages are PyTorch's, worked out by loops over rows and steps in agents.py. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Companion, Control, Host, Seen } from "../../src/agents/agent.ts";
import { curl } from "../../src/agents/curl.ts";
import { dqn } from "../../src/agents/dqn.ts";
import { icm } from "../../src/agents/icm.ts";
import { trunk } from "../../src/agents/parts/trunk.ts";
import { stepOf } from "../../src/agents/parts/windows.ts";
import { rnd } from "../../src/agents/rnd.ts";
import { spr } from "../../src/agents/spr.ts";
import { type Array, constant, np, Rng, scalar, type Tensor, type Traced, tree } from "../../src/array/index.ts";
import { box, discrete } from "../../src/environments/space.ts";
import { CHOICES, companionContext, type HostWindows, STATES, traced, WIDTH, windows } from "../fixtures/agents.ts";
import {
  assertGradients,
  assertMatches,
  evaluateOne,
  fill,
  outputAndGradients,
  torchCase,
  weights,
} from "../fixtures/torch/reference.ts";

const observation = { state: box([STATES], -Infinity, Infinity) };
const choice = discrete(CHOICES);
const arrays = (host: Host) => tree.map<Tensor, Array>(host, (leaf) => constant(leaf)) as Record<string, never>;

/** Checks a loss, its metrics and its gradients against a case of agents.json. */
async function assertIsTorchs(
  name: string,
  params: Host,
  loss: (params: never) => { loss: Array; metrics?: Readonly<Record<string, Array>> },
): Promise<void> {
  const expected = await torchCase("agents", name);
  const inputs = { p: weights(params) };
  const lossOf = ({ p }: Traced<typeof inputs>) => loss(p as never);
  const { output, gradients } = await outputAndGradients((given: Traced<typeof inputs>) => lossOf(given).loss, inputs);
  assertMatches(output, expected.output, `loss of ${name}`);
  assertGradients(gradients, expected);
  for (const key of Object.keys(expected).filter((each) => each !== "output" && !each.startsWith("gradient ")))
    assertMatches(
      await evaluateOne((given: Traced<typeof inputs>) => lossOf(given).metrics![key]!, [inputs]),
      expected[key],
      `${key} of ${name}`,
    );
}

for (const [name, hasBonus, double] of [
  ["dqn", false, true],
  ["dqn single", false, false],
  ["dqn with a bonus", true, true],
  ["dqn with novelty", true, true],
] as const)
  test(`${name}: the loss of two steps and every gradient as torch's`, async () => {
    const options = dqn.options.parse({
      ...{ width: WIDTH, nSteps: 2, discount: 0.9, bonusDiscount: 0.8, bonusWeight: 0.7, optimism: 1.5, double },
    });
    const agent: Control = dqn.build({ observation, action: choice, options, offers: { hasBonus } });
    const params = agent.init(new Rng(0));
    const memory = weights(agent.initMemory?.(new Rng(0), params) ?? {}, "t");
    const newness = (seen: Seen) => np.abs(np.matmul(seen.state!, constant(fill("novelty", [STATES, CHOICES]))));
    const context = {
      ...{ ...companionContext({}), trainsDelayed: false },
      ...(name === "dqn with novelty" ? { novelty: newness } : {}),
    };
    await assertIsTorchs(name, params, (p) => agent.loss(p, traced(windows(2)), arrays(memory), context));
    if (!hasBonus) return;
    // Choices go by the values of the reward, and those of the bonus with what is added.
    const seen = { state: fill("observation", [4, STATES]) };
    const inputs = { p: weights(params) };
    const [plain, hopeful] = [{}, { novelty: newness }].map((offered) =>
      evaluateOne(({ p }: Traced<typeof inputs>, state: Array) => agent.act(p, arrays(memory), { state }, offered), [
        inputs,
        seen.state,
      ] as const),
    );
    const [before, after] = [(await plain!).data, (await hopeful!).data];
    const added = await evaluateOne((state: Array) => newness({ state }), [seen.state]);
    after.forEach((value, at) => {
      const [row, output] = [Math.floor(at / (2 * CHOICES)), at % (2 * CHOICES)];
      const more = output < CHOICES ? 0 : 1.5 * added.data[row * CHOICES + output - CHOICES]!;
      assert.ok(Math.abs(value - before[at]! - more) < 1e-5);
    });
  });

for (const [name, of] of [
  ["rnd", "observation"],
  ["rnd of choice", "choice"],
] as const)
  test(`${name}: the loss, the bonus of fresh steps and the statistics as torch's`, async () => {
    const page: Companion = rnd.build({
      ...{ observation, action: choice, options: { width: WIDTH, outputs: 3, of }, trunk: { width: 0 } },
    });
    const params = page.init(new Rng(0));
    const { random } = page.initMemory?.(new Rng(0), params, {}) ?? {};
    const [mean, squares] = [fill("mean", [STATES], 0.3), fill("squares", [STATES], 2, 2.05)];
    mean.data[0] = 0.9;
    squares.data[0] = 0.001;
    const memory = {
      ...weights({ random: random as Host }, "t"),
      statistics: { count: scalar(10), of: { state: { mean, squares } } },
      // Of the discounted sums 1, 4 and 2.
      scale: { sum: scalar(2), count: scalar(3), mean: scalar(7 / 3), squares: scalar(14 / 3) },
    };
    await assertIsTorchs(name, params, (p) => page.loss(p, traced(windows(1)), arrays(memory), companionContext({})));
    const expected = await torchCase("agents", `${name} bonus`);
    const inputs = { p: weights(params) };
    const results: Readonly<Record<string, (p: never) => Array>> = {
      bonus: (p) => paid(p).bonus,
      mean: (p) => changed(p).statistics.of.state.mean!,
      squares: (p) => changed(p).statistics.of.state.squares!,
      novelty: (p) =>
        page.novelty!(p, { ...arrays(memory), ...(changed(p) as object) } as never, {
          state: stepOf(traced(windows(1)).observation.state!, 0),
        }),
    };
    const paid = (p: never) => page.bonus!(p, arrays(memory), traced(windows(1)), companionContext({}));
    const changed = (p: never) =>
      paid(p).memory as unknown as { statistics: { of: { state: Readonly<Record<string, Array>> } } };
    for (const key of Object.keys(expected)) {
      const result = await evaluateOne(({ p }: Traced<typeof inputs>) => results[key]!(p as never), [inputs]);
      assertMatches(result, expected[key], `${key} of ${name}`, 1e-4);
    }
  });

for (const [name, space, kind] of [
  ["icm of choices", choice, "choice"],
  ["icm of numbers", box([2], -1, 1), "numbers"],
] as const)
  test(`${name}: both losses, every gradient and the bonus as torch's`, async () => {
    const page: Companion = icm.build({
      ...{ observation, action: space, options: { width: WIDTH, forward: 0.2 }, trunk: { width: 0 } },
    });
    const params = page.init(new Rng(0));
    await assertIsTorchs(name, params, (p) => page.loss(p, traced(windows(1, kind)), {}, companionContext({})));
    const expected = await torchCase("agents", `${name}, bonus`);
    const inputs = { p: weights(params) };
    const bonus = await evaluateOne(
      ({ p }: Traced<typeof inputs>) =>
        page.bonus!(p as never, {}, traced(windows(1, kind)), companionContext({})).bonus,
      [inputs],
    );
    assertMatches(bonus, expected.bonus, "bonus");
  });

/** A page that learns beside an agent of nothing but a trunk: gradients reach the trunk, too. */
async function assertTrains(
  name: string,
  page: Companion,
  agent: ReturnType<typeof trunk>,
  seen: HostWindows,
  random?: Tensor,
): Promise<void> {
  const control = agent.init(new Rng(0)) as unknown as Host;
  const own = page.init(new Rng(0));
  const memory = weights(page.initMemory?.(new Rng(0), own, control) ?? {}, "t");
  await assertIsTorchs(name, { control, [name]: own }, ({ control: params, [name]: of }: Record<string, never>) =>
    page.loss(
      of as never,
      traced(seen),
      arrays(memory),
      companionContext({
        control: params as never,
        encode: (now, other) => agent.apply((other ?? params) as never, now),
        ...(random ? { uniforms: () => constant(random) } : {}),
      }),
    ),
  );
}

test("spr: the cosines of three steps, up to an episode's end, and every gradient as torch's", async () => {
  const page = spr.build({
    ...{ observation, action: choice, options: { steps: 3, width: 4, momentum: 0.99 }, trunk: { width: WIDTH } },
  });
  await assertTrains("spr", page, trunk(observation, WIDTH), windows(3));
});

test("curl: the bilinear contrast of shifted images and every gradient as torch's", async () => {
  const images = { camera: box([2, 8, 8], 0, 1) };
  const page = curl.build({
    ...{ observation: images, action: choice, trunk: { width: WIDTH } },
    options: { latent: 3, shift: 2, momentum: 0.95 },
  });
  const camera = fill("camera", [4, 2, 8, 8], 0.5, 0.5);
  const seen = { ...windows(1), observation: { camera: { ...camera, shape: [4, 1, 2, 8, 8] } } };
  await assertTrains("curl", page, trunk(images, WIDTH, 1), seen, fill("uniforms", [4, 4], 0.5, 0.5));
});
