/**
 * The demo of a robot that teaches itself to grasp: it tries, feels whether its fingers hold something, and learns where to try next.
 * `npm run demo:grasp`; attempts, runs, numbers and a page with a film are left in runs/grasp.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { grasp } from "../../src/environments/grasp.ts";
import { wilson } from "../../src/evaluation/scores/wilson.ts";
import { openRun, pretrain } from "../../src/index.ts";
import { act } from "../../src/modalities/experience/acting/act.ts";
import { plannerOf } from "../../src/modalities/experience/acting/planner.ts";
import { collect } from "../../src/modalities/experience/collect/collect.ts";
import { bar, stopwatch } from "../parts/progress.ts";
import { writePage } from "./page.ts";

/** Attempts after which the robot learns; those after the third are no longer random. */
const STAGES = [30, 100, 300, 1000];
/** New scenes in which it is tested, and those that are filmed. */
const [SCENES, FILMED] = [100, 8];
/** Steps of training, and samples of each. */
const [STEPS, BATCH] = [300, 64];

const out = join(fileURLToPath(new URL(".", import.meta.url)), "..", "..", "runs", "grasp");
const tries = join(out, "tries");
const film = join(out, "grasp.webp");
const began = performance.now();
const clock = stopwatch();

console.log("Autodidact: a robot learns to grasp by trying, and nobody tells it anything\n");
await rm(out, { recursive: true, force: true });
const options = grasp.options.parse({});
const points: { attempts: number; success: number; low: number; high: number }[] = [];
const shares = (successes: readonly boolean[] = []) => {
  const lifted = successes.filter(Boolean).length;
  const [low, high] = wilson(lifted, successes.length);
  return { success: lifted / successes.length, low, high };
};
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const baselines: { name: string; success: number }[] = [];
let before: string | undefined;
for (const [stage, attempts] of STAGES.entries()) {
  const isOwn = stage >= 3;
  console.log(
    `${clock()}  ${isOwn ? "grasps of its own choice, one in ten random" : "random grasps"}, until there are ${attempts} attempts`,
  );
  const acting = isOwn && before ? { run: before } : { policy: "random" };
  const { succeeded = 0 } = await collect({
    ...{ environment: "grasp", attempts, out: tries, acting },
    onProgress: ({ done }) => bar("attempts", done, attempts),
  });
  const folder = join(out, `run-${attempts}`);
  await pretrain({
    ...{ data: tries, out: folder, method: "grasp-outcome", encoder: "resnet" },
    encoderOptions: { layers: "8", width: 16, stem: "stride2" },
    training: {
      ...{ epochs: Math.max(4, Math.round((STEPS * BATCH) / attempts)), batchSize: Math.min(BATCH, attempts >> 1) },
      ...{ optimizer: "adamw", learningRate: 2e-3, weightDecay: 0.01, ema: 0.98, checkpointEvery: 100_000 },
    },
    onProgress: ({ step, steps }) => bar("steps", step, steps),
  });
  before = folder;
  const isLast = stage === STAGES.length - 1;
  const planner = await plannerOf(await openRun(folder), grasp, options);
  const actors = await act({
    ...{ definition: grasp, options, actor: { name: "it", policy: planner }, episodes: SCENES, seed: 1 },
    ...{ compare: stage === 0, video: isLast ? film : undefined, filmed: FILMED },
    onProgress: (who, done, total) => bar(`new scenes, ${who}`, done, total),
  });
  await planner.dispose();
  for (const { name, played } of actors)
    if (name === "it") points.push({ attempts, ...shares(played.successes) });
    else baselines.push({ name, success: shares(played.successes).success });
  const { success, low, high } = points.at(-1)!;
  console.log(
    `\n${clock()}  after ${attempts} attempts, of which ${succeeded} held: it lifts something in ${percent(success)} of new scenes (95 %: ${percent(low)} to ${percent(high)})`,
  );
  if (stage === 0) for (const one of baselines) console.log(`      ${one.name}: ${percent(one.success)}`);
}

const page = join(out, "grasp.html");
await writePage(page, { film: await readFile(film), points, baselines, scenes: SCENES });
const seconds = (performance.now() - began) / 1000;
await writeFile(join(out, "result.json"), `${JSON.stringify({ seconds, points, baselines }, null, 2)}\n`);
const here = (path: string) => relative(process.cwd(), path);
console.log(`
${clock()}  ${STAGES.at(-1)} attempts, 0 labels. What it does and what it expects, as a film:
      ${here(page)}

Go on:

  npx autodidact collect grasp --attempts 5000 --with ${here(before ?? "")} --out ${here(tries)}
  npx autodidact pretrain ${here(tries)} --method grasp-outcome --out runs/grasp-5000
  npx autodidact act runs/grasp-5000 --bin --episodes 20 --video bin.webp
`);
process.exit(0);
