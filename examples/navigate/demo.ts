/**
 * The demo of a robot that learns from its collisions: it drives at random until it collides, learns which turns end so, and then
 * drives to goals. `npm run demo:navigate`; recordings, runs, numbers and a page with a film are left in runs/navigate.
 */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import sharp from "sharp";
import { Rng } from "../../src/array/rng.ts";
import type { Policy } from "../../src/environments/environment.ts";
import { navigate } from "../../src/environments/navigate.ts";
import { openRun, pretrain } from "../../src/index.ts";
import { type Actor, act } from "../../src/modalities/experience/acting/act.ts";
import { plannerOf } from "../../src/modalities/experience/acting/planner.ts";
import { collect } from "../../src/modalities/experience/collect/collect.ts";
import { bar, stopwatch } from "../parts/progress.ts";
import { type Drawn, writePage } from "./page.ts";

/** Attempts after which the robot learns: nearly each ends in a collision. */
const STAGES = [60, 250, 1700];
/** Goals by which it is tested; those that are filmed; those that are drawn, and pixels of a drawing. */
const [GOALS, FILMED, DRAWN, SIDE] = [100, 4, 4, 300];
/** Steps of training at most, and samples of each. */
const [STEPS, BATCH] = [3000, 256];

const out = join(fileURLToPath(new URL(".", import.meta.url)), "..", "..", "runs", "navigate");
const tries = join(out, "tries");
const film = join(out, "navigate.webp");
const began = performance.now();
const clock = stopwatch();

console.log("Autodidact: a robot learns to drive from its collisions, and nobody tells it anything\n");
await rm(out, { recursive: true, force: true });
const options = navigate.options.parse(navigate.evaluation ?? {});
const { steps: horizon } = navigate.planning!(options);
const scoreOf = ({ played: { successes = [], ends } }: Actor) => ({
  reached: successes.filter(Boolean).length / successes.length,
  per100: navigate.measures!["collisions / 100 m"]!(ends),
});
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** The ways to the first goals, as a policy drives them. */
async function ways(policy: Policy): Promise<Drawn[]> {
  using world = await navigate.make(options);
  const drawn: Drawn[] = [];
  for (let goal = 0; goal < DRAWN; goal++) {
    const rng = new Rng(goal);
    let observation = world.reset(goal);
    policy.reset?.(goal);
    for (;;) {
      const step = world.step(await policy.act(observation, rng));
      observation = step.observation;
      if (!step.terminated && !step.truncated) continue;
      const rgb = Buffer.from(world.render!(SIDE, SIDE));
      const picture = await sharp(rgb, { raw: { width: SIDE, height: SIDE, channels: 3 } })
        .png()
        .toBuffer();
      drawn.push({ picture, end: step.info.reached ? "reached" : step.info.collision ? "collided" : "cut off" });
      break;
    }
  }
  return drawn;
}

/** Collisions in a recording. */
async function collisionsIn(folder: string): Promise<number> {
  const data = join(folder, "data", "chunk-000");
  let collisions = 0;
  for (const name of (await readdir(data)).filter((file) => file.endsWith(".parquet"))) {
    const file = await asyncBufferFromFile(join(data, name));
    for (const row of await parquetReadObjects({ file, columns: ["info.collision"] }))
      collisions += Number(row["info.collision"]);
  }
  return collisions;
}

const before = await ways(navigate.baselines!.random!(options));
let after: Drawn[] = [];
const points: { collisions: number; reached: number; per100: number }[] = [];
const baselines: { name: string; reached: number; per100: number }[] = [];
for (const [stage, attempts] of STAGES.entries()) {
  console.log(`${clock()}  driving at random, ${attempts} times until it collides`);
  const { frames } = await collect({
    ...{ environment: "navigate", attempts, out: tries },
    onProgress: ({ done }) => bar("attempts", done, attempts),
  });
  const folder = join(out, `run-${attempts}`);
  const run = await pretrain({
    ...{ data: tries, out: folder, method: "collision", options: { symmetric: true } },
    encoderOptions: { width: 64, depth: 2 },
    modalityOptions: { horizon },
    training: {
      ...{ epochs: Math.min(40, Math.max(12, Math.round((STEPS * BATCH) / frames))), batchSize: BATCH },
      ...{ optimizer: "adamw", learningRate: 2e-3, weightDecay: 0.01, checkpointEvery: 100_000 },
    },
    onProgress: ({ step, steps }) => bar("steps", step, steps),
  });
  const isLast = stage === STAGES.length - 1;
  const planner = await plannerOf(await openRun(run.path), navigate, options);
  const actors = await act({
    ...{ definition: navigate, options, actor: { name: "it", policy: planner }, episodes: GOALS, seed: 1 },
    ...{ compare: stage === 0, video: isLast ? film : undefined, filmed: FILMED },
    onProgress: (who, done, total) => bar(`goals, ${who}`, done, total),
  });
  if (isLast) after = await ways(planner);
  await planner.dispose();
  const collisions = await collisionsIn(tries);
  for (const actor of actors)
    if (actor.name === "it") points.push({ collisions, ...scoreOf(actor) });
    else baselines.push({ name: actor.name, ...scoreOf(actor) });
  const { reached, per100 } = points.at(-1)!;
  console.log(
    `\n${clock()}  after ${collisions} collisions in ${Math.round(frames / 600)} minutes of driving: ${percent(reached)} of goals reached in worlds never seen, ${per100.toFixed(1)} collisions in 100 m`,
  );
  if (stage === 0)
    for (const one of baselines)
      console.log(`      ${one.name}: ${percent(one.reached)}, ${one.per100.toFixed(1)} collisions in 100 m`);
}

const page = join(out, "navigate.html");
await writePage(page, { film: await readFile(film), before, after, points, baselines, goals: GOALS });
const seconds = (performance.now() - began) / 1000;
await writeFile(join(out, "result.json"), `${JSON.stringify({ seconds, points, baselines }, null, 2)}\n`);
const here = (path: string) => relative(process.cwd(), path);
console.log(`
${clock()}  ${points.at(-1)?.collisions} collisions, 0 labels. The ways before and after, and a film:
      ${here(page)}

Go on:

  npx autodidact act ${here(join(out, `run-${STAGES.at(-1)}`))} --episodes 200 --video navigate.webp
  npx autodidact collect navigate --camera depth --attempts 1700 --out depth
  npx autodidact pretrain depth --method collision --encoder resnet --symmetric --out runs/depth
`);
process.exit(0);
