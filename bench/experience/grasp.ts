/**
 * Grasping learned by trial and error, without a label by a person: success in new scenes, beside chance, a hand-written
 * controller and the same network untrained; a family of objects never seen; a bin of eight; the gripper's own label.
 *
 *   node bench/experience/grasp.ts [--seed 0] [--scenes 500] [--attempts 1000,5000] [--bins 50] [--unseen hammer] [--out bench/work/grasp]
 *   node bench/experience/grasp.ts --worth [--seed 0] [--scenes 500] [--images 5000] [--outcomes 25,50,200]
 *
 * The first of `--attempts` are random; the others are the network's own, one in ten of them random. Its settings were chosen
 * on scenes of other seeds. `--worth`: few outcomes with an encoder pre-trained on 5,000 depth images, and from scratch; and where an
 * object lies from 100 labels. A line a result on the standard output, as JSON. What is there already is not made again.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Rng } from "../../src/array/rng.ts";
import type { Policy } from "../../src/environments/environment.ts";
import { families } from "../../src/environments/grasp/objects.ts";
import { grasp } from "../../src/environments/grasp.ts";
import { wilson } from "../../src/evaluation/scores/wilson.ts";
import { plannerOf } from "../../src/modalities/experience/acting/planner.ts";
import { type Played, play } from "../../src/modalities/experience/acting/play.ts";
import { collect } from "../../src/modalities/experience/collect/collect.ts";
import { methodOf, openRun, type Run } from "../../src/training/run/run.ts";
import { root } from "../methods/shared.ts";
import { trainGrasps } from "./grasp-settings.ts";
import { worth } from "./grasp-worth.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0" },
    scenes: { type: "string", default: "500" },
    attempts: { type: "string", default: "1000,5000" },
    bins: { type: "string", default: "50" },
    unseen: { type: "string", default: "hammer" },
    worth: { type: "boolean", default: false },
    images: { type: "string", default: "5000" },
    outcomes: { type: "string", default: "25,50,200" },
    out: { type: "string", default: `${root}/bench/work/grasp` },
  },
});
const seed = Number(values.seed);
const [scenes, bins] = [Number(values.scenes), Number(values.bins)];
const [random = 1000, all = 5000] = values.attempts.split(",").map(Number);
const out = join(values.out, `seed-${seed}`);

const percent = (share: number) => Math.round(1000 * share) / 10;
const cpu = () => process.cpuUsage().user / 1e6;
const say = (result: Readonly<Record<string, unknown>>) => console.log(JSON.stringify({ seed, ...result }));

/** Success, in truth, with its 95 % interval, and how often the gripper was right about it. */
function summary({ successes = [], ends }: Played) {
  const lifted = successes.filter(Boolean).length;
  return {
    success: percent(lifted / successes.length),
    interval: wilson(lifted, successes.length).map(percent),
    scenes: successes.length,
    labelIsRight: percent(ends.filter(({ held, lifted: truth }) => held === truth).length / ends.length),
  };
}

async function acting(policy: Policy, options: Readonly<Record<string, unknown>>, episodes: number): Promise<Played> {
  const settled = grasp.options.parse(options);
  using environment = await grasp.make(settled);
  return await play({ environment, definition: grasp, policy, episodes, seed: 7000 + seed });
}

async function planning(run: Run, options: Readonly<Record<string, unknown>>, episodes: number): Promise<Played> {
  const planner = await plannerOf(run, grasp, grasp.options.parse(options));
  try {
    return await acting(planner, options, episodes);
  } finally {
    await planner.dispose();
  }
}

/** Attempts in two stages, and the network after each. */
async function staged(name: string, options: Readonly<Record<string, unknown>>): Promise<{ first: Run; second: Run }> {
  const tries = join(out, name, "tries");
  const shared = { environment: "grasp", options, out: tries, seed } as const;
  const began = cpu();
  const one = join(out, name, "run-1");
  if (!existsSync(one)) {
    await collect({ ...shared, attempts: random });
    await trainGrasps(tries, one, seed, { attempts: random });
    say({ what: `${name}: ${random} random attempts and training`, cpuSeconds: Math.round(cpu() - began) });
  }
  const two = join(out, name, "run-2");
  if (!existsSync(two)) {
    const { succeeded = 0, episodes } = await collect({ ...shared, attempts: all, acting: { run: one } });
    await trainGrasps(tries, two, seed, { attempts: all });
    say({
      what: `${name}: ${all} attempts and training`,
      ...{ succeeded: percent(succeeded / episodes), cpuSeconds: Math.round(cpu() - began) },
    });
  }
  return { first: await openRun(one), second: await openRun(two) };
}

async function main(): Promise<void> {
  for (const [name, make] of Object.entries(grasp.baselines ?? {}))
    say({ who: name, ...summary(await acting(make(grasp.options.parse({})), {}, scenes)) });
  const { first, second } = await staged("all", {});
  const { method } = await methodOf(first);
  const untrained = { ...first, methodParams: method.init(new Rng(seed).split("untrained")) };
  say({ who: "untrained network", ...summary(await planning(untrained, {}, scenes)) });
  say({ who: `after ${random} random attempts`, ...summary(await planning(first, {}, scenes)) });
  say({ who: `after ${all} attempts in two stages`, ...summary(await planning(second, {}, scenes)) });

  const cleared = ({ ends }: Played) => ({
    cleared: ends.reduce((sum, end) => sum + end.cleared!, 0) / ends.length,
    atLeastSeven: percent(ends.filter((end) => end.cleared! >= 7).length / ends.length),
    bins: ends.length,
  });
  for (const [name, make] of Object.entries(grasp.baselines ?? {}))
    say({ bin: name, ...cleared(await acting(make(grasp.options.parse({})), { bin: true }, bins)) });
  say({ bin: `after ${all} attempts in two stages`, ...cleared(await planning(second, { bin: true }, bins)) });

  for (const family of values.unseen.split(",").filter(Boolean)) {
    const seen = families.filter((one) => one !== family);
    const others = await staged(`without-${family}`, { families: seen });
    for (const [name, make] of Object.entries(grasp.baselines ?? {}))
      say({
        unseen: family,
        who: name,
        ...summary(await acting(make(grasp.options.parse({})), { families: [family] }, scenes)),
      });
    say({ unseen: family, who: "network", ...summary(await planning(others.second, { families: [family] }, scenes)) });
  }
}

const test = async (run: Run) => summary(await planning(run, {}, scenes));
const [images, outcomes] = [Number(values.images), values.outcomes.split(",").map(Number)];
if (values.worth) await worth({ seed, out, images, outcomes, say, test });
else await main();
process.exit(0);
