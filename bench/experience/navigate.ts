/**
 * Navigation learned from collisions while driving at random, without a label by a person: 200 goals in ten worlds never seen,
 * beside a controller that heads straight for the goal, one written by hand, the same planner with an untrained net, and with a
 * linear predictor; from a scan of 40 rays, and from a depth image.
 *
 *   node bench/experience/navigate.ts [--seed 0] [--part test] [--only scan|depth|baselines] [--out bench/work/navigate]
 *
 * Settings were chosen with `--part validation`. A line a result on the standard output, as JSON. What is there already is not
 * made again.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Rng } from "../../src/array/rng.ts";
import type { Policy } from "../../src/environments/environment.ts";
import { navigate } from "../../src/environments/navigate.ts";
import { wilson } from "../../src/evaluation/scores/wilson.ts";
import { measuresOf } from "../../src/modalities/experience/acting/measures.ts";
import { plannerOf } from "../../src/modalities/experience/acting/planner.ts";
import { play } from "../../src/modalities/experience/acting/play.ts";
import { collect } from "../../src/modalities/experience/collect/collect.ts";
import { methodOf, openRun, type Run } from "../../src/training/run/run.ts";
import { root } from "../methods/shared.ts";
import { ATTEMPTS, trainCollisions } from "./navigate-settings.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0" },
    part: { type: "string", default: "test" },
    goals: { type: "string", default: "200" },
    only: { type: "string", default: "baselines,scan,depth" },
    out: { type: "string", default: `${root}/bench/work/navigate` },
  },
});
const seed = Number(values.seed);
const out = join(values.out, `seed-${seed}`);
const only = values.only.split(",");
const say = (result: Readonly<Record<string, unknown>>) => console.log(JSON.stringify({ seed, ...result }));
const rounded = (value: number) => Math.round(100 * value) / 100;
const linear = fileURLToPath(new URL("linear-collision.ts", import.meta.url));

async function report(who: string, policy: Policy, camera: string): Promise<void> {
  const options = navigate.options.parse({ ...navigate.evaluation, part: values.part, camera });
  using environment = await navigate.make(options);
  const episodes = Number(values.goals);
  const played = await play({ environment, definition: navigate, policy, episodes, seed: 9000 + seed });
  const reached = played.successes?.filter(Boolean).length ?? 0;
  const measures = Object.entries(measuresOf(navigate, played.ends)).map(([name, { value, low, high }]) => [
    name,
    [value, low, high].map(rounded),
  ]);
  say({
    ...{ who, camera, part: values.part, goals: episodes, reached: rounded((100 * reached) / episodes) },
    interval: wilson(reached, episodes).map((share) => rounded(100 * share)),
    ...Object.fromEntries(measures),
  });
}

async function reportRun(who: string, run: Run, camera: string): Promise<void> {
  const options = navigate.options.parse({ ...navigate.evaluation, part: values.part, camera });
  const planner = await plannerOf(run, navigate, options);
  await report(who, planner, camera);
  await planner.dispose();
}

/** Random driving and training, in CPU and wall seconds of this process and its threads. */
async function learned(camera: "scan" | "depth", name: string, method?: string): Promise<Run> {
  const folder = join(out, name);
  if (existsSync(folder)) return openRun(folder);
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const tries = join(out, `tries-${camera}`);
  const { frames } = await collect({
    ...{ environment: "navigate", options: { camera }, attempts: ATTEMPTS, out: tries, seed },
  });
  await trainCollisions({ tries, out: folder, camera, seed, ...(method ? { method } : {}) });
  const { user, system } = process.cpuUsage(cpu);
  const seconds = {
    cpuSeconds: Math.round((user + system) / 1e6),
    seconds: Math.round((performance.now() - wall) / 1000),
  };
  say({ what: name, steps: frames, ...seconds });
  return openRun(folder);
}

if (only.includes("baselines"))
  for (const [name, make] of Object.entries(navigate.baselines ?? {}))
    await report(name, make(navigate.options.parse({ camera: "scan", goals: true })), "scan");
if (only.includes("scan")) {
  const run = await learned("scan", "scan");
  const { method } = await methodOf(run);
  await reportRun("untrained", { ...run, methodParams: method.init(new Rng(seed).split("untrained")) }, "scan");
  await reportRun("linear predictor", await learned("scan", "linear", linear), "scan");
  await reportRun("from collisions", run, "scan");
}
if (only.includes("depth")) await reportRun("from collisions", await learned("depth", "depth"), "depth");
process.exit(0);
