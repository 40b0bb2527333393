/** Losses, bonuses and every gradient of the pages are PyTorch's, worked out by loops over rows and steps in agents.py. */
import { test } from "node:test";
import type { Companion, Control, Host } from "../../src/agents/agent.ts";
import { curl } from "../../src/agents/curl.ts";
import { dqn } from "../../src/agents/dqn.ts";
import { icm } from "../../src/agents/icm.ts";
import { trunk } from "../../src/agents/parts/trunk.ts";
import { rnd } from "../../src/agents/rnd.ts";
import { spr } from "../../src/agents/spr.ts";
import { type Array, constant, Rng, scalar, type Tensor, type Traced, tree } from "../../src/array/index.ts";
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
] as const)
  test(`${name}: the loss of two steps and every gradient as torch's`, async () => {
    const options = dqn.options.parse({
      ...{ width: WIDTH, nSteps: 2, discount: 0.9, bonusDiscount: 0.8, bonusWeight: 0.7, double },
    });
    const agent: Control = dqn.build({ observation, action: choice, options, offers: { hasBonus } });
    const params = agent.init(new Rng(0));
    const memory = weights(agent.initMemory?.(new Rng(0), params) ?? {}, "t");
    await assertIsTorchs(name, params, (p) =>
      agent.loss(p, traced(windows(2)), arrays(memory), { ...companionContext({}), trainsDelayed: false }),
    );
  });

test("rnd: the loss, the bonus of fresh steps and the statistics as torch's", async () => {
  const page: Companion = rnd.build({
    ...{ observation, action: choice, options: { width: WIDTH, outputs: 3 }, trunk: { width: 0 } },
  });
  const params = page.init(new Rng(0));
  const { random } = page.initMemory?.(new Rng(0), params, {}) ?? {};
  const [mean, squares] = [fill("mean", [STATES], 0.3), fill("squares", [STATES], 2, 2.05)];
  mean.data[0] = 0.9;
  squares.data[0] = 0.001;
  const memory = {
    ...weights({ random: random as Host }, "t"),
    statistics: { count: scalar(10), of: { state: { mean, squares } } },
  };
  await assertIsTorchs("rnd", params, (p) => page.loss(p, traced(windows(1)), arrays(memory), companionContext({})));
  const expected = await torchCase("agents", "rnd bonus");
  const paid = (p: never) => page.bonus!(p, arrays(memory), traced(windows(1)), companionContext({}));
  const inputs = { p: weights(params) };
  assertMatches(
    await evaluateOne(({ p }: Traced<typeof inputs>) => paid(p as never).bonus, [inputs]),
    expected.bonus,
    "bonus",
    1e-4,
  );
  for (const key of ["mean", "squares"] as const) {
    const of = ({ p }: Traced<typeof inputs>) => {
      const changed = paid(p as never).memory as { statistics: { of: { state: Record<string, Array> } } };
      return changed.statistics.of.state[key]!;
    };
    assertMatches(await evaluateOne(of, [inputs]), expected[key], key, 1e-4);
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
