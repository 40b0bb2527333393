/**
 * Reinforcement learning with and without self-supervision beside the reward: agents in one environment, from scratch for each
 * seed, and the mean return of ten episodes without exploration after the last step. The interquartile mean over seeds with its
 * bootstrap interval, every seed's return, and the curve, as an SVG.
 *
 *   npm run bench:control -- [td3 td3+sale] [--environment half-cheetah] [--steps 50000] [--warmup 10000] [--seed 0] [--seeds 3] [--runs folder] [--out file]
 *
 * Writes bench/results/control.jsonl, a line for each agent and seed, in place of an older one with the same settings. The runs are
 * kept in `--runs`; one that was stopped goes on, and one that is done is not done again. One thread: start one process an agent.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { curvesChart, scoresChart } from "../../src/evaluation/returns/charts.ts";
import { improvementSummary, returnsSummary } from "../../src/evaluation/returns/summary.ts";
import { learn } from "../../src/index.ts";
import { seedFolder } from "../../src/training/agents/config.ts";
import { evaluationsFile } from "../../src/training/agents/loop.ts";
import { metricsFile, readRows } from "../../src/training/run/metrics.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    environment: { type: "string", default: "half-cheetah" },
    steps: { type: "string", default: "50000" },
    warmup: { type: "string", default: "10000" },
    /** The first of so many. */
    seed: { type: "string", default: "0" },
    seeds: { type: "string", default: "3" },
    runs: { type: "string", default: join(tmpdir(), "autodidact-control") },
    out: { type: "string", default: new URL("../results/control.jsonl", import.meta.url).pathname },
  },
});
const agents = positionals.length > 0 ? positionals : ["td3", "td3+sale"];
const { environment } = values;
const [steps, warmupSteps, first, seeds] = [values.steps, values.warmup, values.seed, values.seeds].map(Number) as [
  ...[number, number, number, number],
];

interface Line {
  readonly environment: string;
  readonly agent: string;
  readonly steps: number;
  readonly warmupSteps: number;
  readonly seed: number;
  /** Mean over ten episodes without exploration, after the last step. */
  readonly return: number;
  readonly curve: readonly (readonly [step: number, value: number])[];
  /** Of learning with its evaluations, by the clock. */
  readonly seconds: number;
  readonly machine: string;
}
const keyOf = (line: Line) => [line.environment, line.agent, line.steps, line.warmupSteps, line.seed].join();

interface Evaluation {
  readonly step: number;
  readonly return: number;
}

async function learned(agent: string): Promise<Line[]> {
  const out = join(values.runs, `${environment}-${agent}-${steps}-${warmupSteps}-seeds-${first}-${first + seeds - 1}`);
  const resume = existsSync(join(out, "config.json"));
  let [shown, began] = [0, performance.now()];
  await mkdir(values.runs, { recursive: true });
  await learn({
    ...(resume ? { resume } : { environment, method: agent, learning: { steps, warmupSteps, seed: first, seeds } }),
    out,
    onProgress({ seed, step, evaluated }) {
      if (performance.now() - began < 60_000 * shown && step < steps) return;
      if (shown === 0) began = performance.now();
      shown++;
      console.error(
        `${agent}, seed ${seed}: step ${step}${evaluated === undefined ? "" : `, return ${evaluated.toFixed(0)}`}`,
      );
    },
  });
  const lines: Line[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const folder = seedFolder(out, seed);
    const evaluations = (await readRows(evaluationsFile(folder))) as Evaluation[];
    const metrics = (await readRows(metricsFile(folder))) as { readonly step: number; readonly seconds: number }[];
    lines.push({
      ...{ environment, agent, steps, warmupSteps, seed },
      return: evaluations.at(-1)!.return,
      curve: evaluations.map((row) => [row.step, Math.round(row.return * 10) / 10] as const),
      seconds: Math.round(metrics.at(-1)!.seconds),
      machine: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    });
  }
  return lines;
}

const linesIn = async (): Promise<Line[]> =>
  existsSync(values.out)
    ? (await readFile(values.out, "utf8"))
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

for (const agent of agents) {
  const lines = await learned(agent);
  const news = new Set(lines.map(keyOf));
  const all = [...(await linesIn()).filter((line) => !news.has(keyOf(line))), ...lines];
  await writeFile(values.out, all.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const same = (await linesIn()).filter(
  (line) => line.environment === environment && line.steps === steps && line.warmupSteps === warmupSteps,
);
const names = [...new Set(same.map(({ agent }) => agent))];
const of = (name: string) => same.filter(({ agent }) => agent === name);
const scores = names.map((name) => ({ name, scores: of(name).map((line) => line.return) }));
console.log(
  `${environment}, ${steps} steps of which ${warmupSteps} at random, return of 10 episodes without exploration`,
);
console.log("agent                 IQM   95 % interval     mean  each seed                 minutes a seed");
for (const { name, scores: each } of scores) {
  const { value, low, high } = returnsSummary([each]);
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
  const minutes = of(name).reduce((sum, line) => sum + line.seconds, 0) / of(name).length / 60;
  const interval = `${low.toFixed(0)} … ${high.toFixed(0)}`;
  console.log(
    `${name.padEnd(16)} ${value.toFixed(0).padStart(8)} ${interval.padStart(15)} ${mean.toFixed(0).padStart(8)}  ${each
      .map((one) => one.toFixed(0))
      .join(", ")
      .padEnd(28)} ${minutes.toFixed(1).padStart(6)}`,
  );
}
const [plain, other] = ["td3", "td3+sale"].map((name) => scores.find((row) => row.name === name)?.scores);
if (plain && other) {
  const { value, low, high } = improvementSummary([other], [plain]);
  console.log(
    `td3+sale over td3: probability of improvement ${value.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)})`,
  );
}
if (same.length > 0) {
  const curves = names.map((name) => ({
    name,
    points: of(name)[0]!.curve.map(([step], at) => ({
      step,
      scores: of(name).flatMap((line) => line.curve[at]?.[1] ?? []),
    })),
  }));
  const charts = [
    ["curves", await curvesChart(`${environment}, ${steps} steps`, "return", curves)],
    ["scores", await scoresChart(`${environment}, ${steps} steps`, "return", scores)],
  ] as const;
  for (const [name, svg] of charts) {
    const path = join(values.runs, `${environment}-${steps}-${name}.svg`);
    await writeFile(path, svg);
    console.log(path);
  }
}
