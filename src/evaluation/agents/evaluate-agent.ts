import { join } from "node:path";
import { randomAction } from "../../environments/space.ts";
import { UserError } from "../../foundation/errors.ts";
import { type AgentConfig, agentParts, readAgentConfig } from "../../training/agents/config.ts";
import { type ActInAll, type Episodes, playEpisodes, policiesOf } from "../../training/agents/evaluate.ts";
import { evaluationsFile } from "../../training/agents/loop.ts";
import { openAgent, seedsOf } from "../../training/agents/open.ts";
import { readRows } from "../../training/run/metrics.ts";
import type { Interval } from "../returns/bootstrap.ts";
import { curvesChart, type ScoreCurve, scoresChart } from "../returns/charts.ts";
import { returnsSummary } from "../returns/summary.ts";
import { wilson } from "../scores/wilson.ts";

export interface AgentEvaluationOptions {
  /** Folder of an agent's run, or of one of its seeds. */
  readonly run: string;
  /** Of each seed. Default 20. */
  readonly episodes?: number;
  /** Of the episodes, which are the same for all. Default 1000. */
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** What one who acted came to. */
export interface Acted {
  readonly name: string;
  readonly returns: readonly number[];
  readonly mean: number;
  /** Share of episodes with success and its 95 % interval (Wilson's), where the environment knows such a thing. */
  readonly success?: Interval;
}

export interface AgentEvaluation {
  readonly run: string;
  readonly environment: AgentConfig["environment"];
  readonly agent: AgentConfig["agent"];
  readonly episodes: number;
  /** Each of the run's seeds, and the steps that it has learned from. */
  readonly seeds: readonly (Acted & { readonly seed: number; readonly step: number })[];
  /** Interquartile mean of the seeds' mean returns, with its 95 % bootstrap interval. */
  readonly iqm: Interval;
  /** Random actions, and the environment's hand-written controllers, in the same episodes. */
  readonly baselines: readonly Acted[];
}

const acted = (name: string, { returns, successes }: Episodes): Acted => {
  const mean = returns.reduce((sum, each) => sum + each, 0) / returns.length;
  if (!successes) return { name, returns, mean };
  const count = successes.filter(Boolean).length;
  const [low, high] = wilson(count, successes.length);
  return { name, returns, mean, success: { value: count / successes.length, low, high } };
};

/**
 * How an agent acts without exploration, each seed of its run, beside random actions and the environment's own controllers: all in
 * the same episodes, which it has not learned from.
 * @throws UserError when the folder is no agent's run, or a checkpoint is missing or damaged
 *
 * @example
 * const { iqm, seeds } = await evaluateAgent({ run: "runs/cheetah" });
 * console.log(iqm.value, iqm.low, iqm.high, seeds.map(({ mean }) => mean));
 */
export async function evaluateAgent(options: AgentEvaluationOptions): Promise<AgentEvaluation> {
  const { run, episodes = 20, seed = 1000, onProgress } = options;
  const config = await readAgentConfig(run);
  if (!config) throw new UserError(`${run}: no run of an agent (it has no config.json of one)`);
  const { success, baselines, make, spaces } = await agentParts(config, { isStored: true, isEvaluated: true });
  const played = (name: string, act: ActInAll) =>
    playEpisodes({
      ...{ act, make, episodes, seed, success },
      onDone: (done, total) => onProgress?.(name, done, total),
    });
  const seeds: (Acted & { seed: number; step: number })[] = [];
  for (const each of await seedsOf(run)) {
    const name = `seed ${each.seed}`;
    onProgress?.(name, 0, episodes);
    await using agent = await openAgent(each.path);
    seeds.push({ ...acted(name, await played(name, agent.actInAll)), seed: each.seed, step: agent.step });
  }
  const random = {
    name: "random",
    make: () => ({
      act: (_: unknown, rng: Parameters<typeof randomAction>[1]) => randomAction(spaces.actionSpace, rng),
    }),
  };
  const others: Acted[] = [];
  for (const { name, make: policy } of baselines.some(({ name }) => name === "random")
    ? baselines
    : [random, ...baselines])
    others.push(acted(name, await played(name, policiesOf(policy, episodes, seed))));
  const { environment, agent } = config;
  return {
    ...{ run, environment, agent, episodes, seeds, baselines: others },
    iqm: returnsSummary([seeds.map(({ mean }) => mean)]),
  };
}

/** The rows of the evaluations during learning as a curve of all seeds: the steps that every seed has reached. */
async function curveOf(run: string, name: string): Promise<ScoreCurve> {
  const all = await Promise.all(
    (await seedsOf(run)).map(async ({ path }) =>
      (await readRows(evaluationsFile(path))).flatMap((row) =>
        "return" in row && typeof row.return === "number" ? [{ step: row.step, score: row.return }] : [],
      ),
    ),
  );
  const points = (all[0] ?? []).flatMap(({ step }) => {
    const scores = all.flatMap((rows) => rows.find((row) => row.step === step)?.score ?? []);
    return scores.length === all.length ? [{ step, scores }] : [];
  });
  return { name, points };
}

/** Charts as SVG by file name: every seed's return beside the baselines', and the returns while it learned. */
export async function agentCharts(evaluation: AgentEvaluation): Promise<Record<string, string>> {
  const { run, environment, agent, seeds, baselines, episodes } = evaluation;
  const rows = [
    { name: agent.name, scores: seeds.map(({ mean }) => mean) },
    ...baselines.map(({ name, mean }) => ({ name, scores: [mean] })),
  ];
  const curve = await curveOf(run, agent.name);
  return {
    "returns.svg": await scoresChart(environment.name, `return, mean of ${episodes} episodes`, rows),
    ...(curve.points.length > 0 ? { "curve.svg": await curvesChart(environment.name, "return", [curve]) } : {}),
  };
}

/**
 * The files that an evaluation writes into its run's folder, by path.
 *
 * @example
 * const files = await agentReport(await evaluateAgent({ run: "runs/cheetah" }));
 * for (const [path, text] of Object.entries(files)) console.log(path, text.length);
 */
export async function agentReport(evaluation: AgentEvaluation): Promise<Record<string, string>> {
  const files = { "evaluation.json": `${JSON.stringify(evaluation, null, 2)}\n`, ...(await agentCharts(evaluation)) };
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [join(evaluation.run, name), text]));
}

/** Returns of environments differ by orders of magnitude. */
const short = (value: number): string => String(Number(value.toPrecision(4)));

/** The table of an evaluation, as cells. */
export function agentRows({ seeds, iqm, baselines, agent }: AgentEvaluation): string[][] {
  const hasSuccess = [...seeds, ...baselines].some(({ success }) => success);
  const cells = ({ name, mean, success }: Acted) => [
    name,
    short(mean),
    ...(success
      ? [
          `${(100 * success.value).toFixed(1)} % (${(100 * success.low).toFixed(1)} … ${(100 * success.high).toFixed(1)})`,
        ]
      : []),
  ];
  return [
    ["", "mean return", ...(hasSuccess ? ["success (95 %)"] : [])],
    ...seeds.map((each) => cells({ ...each, name: `${agent.name}, ${each.name}, ${each.step} steps` })),
    ...(seeds.length > 1
      ? [[`${agent.name}, interquartile mean`, `${short(iqm.value)} (${short(iqm.low)} … ${short(iqm.high)})`]]
      : []),
    ...baselines.map(cells),
  ];
}
