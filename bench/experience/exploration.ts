/**
 * Exploration: how many episodes of Deep Sea an agent needs with and without a bonus for novelty, and how many steps of the sparse
 * cart-pole swing-up to its first reward. Each seed has a mapping of Deep Sea of its own, and its number is the agent's seed.
 *
 *   npm run bench:exploration -- [deep-sea] [swing-up] [greedy novelty rnd icm plain] [--size N] [--seeds n] [--from seed]
 *
 * Lines of results are kept in bench/results/exploration.jsonl, and what is there is not run again. Settings were chosen on the
 * seeds from 1000; the table is of the seeds from 0.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { interquartileMean } from "../../src/evaluation/returns/interquartile-mean.ts";
import { seedFolder } from "../../src/training/agents/config.ts";
import { type LearnOptions, learn } from "../../src/training/agents/learn.ts";
import { benchArguments } from "../arguments.ts";
import { addLine, linesOf, root } from "../methods/shared.ts";

const FILE = `${root}/bench/results/exploration.jsonl`;
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}`;
/** Of Deep Sea, as the target has it; bsuite gives 10,000. */
const EPISODES = 2000;
/** Small networks and batches: it is not for the last point of return. */
const SWING_UP = { td3Width: 128 };

/** What came of one seed. */
interface Line {
  /** `deep-sea 10`, `swing-up` */
  readonly task: string;
  readonly agent: string;
  /** Options of the agent, as one text. */
  readonly settings: string;
  readonly seed: number;
  /** Episodes that were played, and steps. */
  readonly episodes: number;
  readonly steps: number;
  /** Episode (and step) with the first reward, 1 for the first; absent if there was none. */
  readonly first?: number;
  readonly firstStep?: number;
  /** The episode from which on a tenth of all was successful: bsuite's average regret below 0.9. */
  readonly solved?: number;
  readonly seconds: number;
  readonly machine: string;
}

const plain = { epsilon: 0.05, epsilonSteps: 0, bonusDiscount: 0.95 };
/** By the word that chooses it. */
const agents: Readonly<Record<"deep-sea" | "swing-up", Readonly<Record<string, Agent>>>> = {
  "deep-sea": {
    greedy: { method: "dqn", options: { epsilon: 0.1 } },
    novelty: {
      method: "dqn+rnd",
      options: {
        epsilon: 0.01,
        epsilonSteps: 0,
        of: "choice",
        optimism: 10,
        bonusDiscount: 0.95,
        rndWidth: 64,
        outputs: 16,
      },
    },
    // The paper's bonus, which says nothing of choices before they are made: chance has to make them.
    rnd: { method: "dqn+rnd", options: { ...plain, of: "observation", rndWidth: 64, outputs: 16 } },
    icm: { method: "dqn+icm", options: { ...plain, icmWidth: 64 } },
  },
  "swing-up": {
    plain: { method: "td3", options: SWING_UP },
    novelty: { method: "td3+rnd", options: SWING_UP },
  },
};
const { words, count } = benchArguments(
  "npm run bench:exploration -- [deep-sea] [swing-up] [greedy novelty rnd icm plain] [--size N] [--seeds n] [--from seed]",
  [],
  ["size", "seeds", "from"],
);
const seeds = Array.from({ length: count("seeds") ?? 10 }, (_, at) => (count("from") ?? 0) + at);
const named = words.filter((word) => !(word in agents));
/** Those that are named; without a name those that the target compares. */
const chosen = (task: keyof typeof agents): Agent[] =>
  Object.entries(agents[task]).flatMap(([word, agent]) =>
    named.length > 0 ? (named.includes(word) ? [agent] : []) : word === "rnd" || word === "icm" ? [] : [agent],
  );

type Agent = { readonly method: string; readonly options: Readonly<Record<string, unknown>> };

/** Successes of the episodes so far, in order, with the steps at their ends: `learn` writes a row for each episode. */
async function successesOf(folder: string): Promise<{ step: number; success: boolean }[]> {
  const text = await readFile(join(folder, "metrics.jsonl"), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    // The last line may be half written.
    if (!line.endsWith("}")) return [];
    const { step, success }: { step: number; success?: number } = JSON.parse(line);
    return success === undefined ? [] : [{ step, success: success > 0 }];
  });
}

/** The episode, 1 for the first, from which on a tenth was successful, with ten successes at least. */
function solvedAt(successes: readonly { readonly success: boolean }[]): number | undefined {
  let found = 0;
  for (const [at, { success }] of successes.entries()) {
    found += Number(success);
    if (found >= 10 && found / (at + 1) >= 0.1) return at + 1;
  }
  return undefined;
}

/** The line of a seed, measured if there is none. */
async function measured(
  task: string,
  { method, options }: Agent,
  seed: number,
  run: Pick<LearnOptions, "environment" | "environmentOptions"> & {
    readonly episode: number;
    readonly steps: number;
    readonly learning?: LearnOptions["learning"];
  },
  isDone: (successes: readonly { readonly success: boolean }[]) => boolean,
): Promise<Line> {
  const settings = Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  const same = (line: Line) =>
    line.task === task && line.agent === method && line.settings === settings && line.seed === seed;
  const existing = (await linesOf<Line>(FILE)).find(same);
  if (existing) return existing;
  const out = await mkdtemp(join(tmpdir(), "exploration-"));
  const began = performance.now();
  try {
    const stop = new AbortController();
    const folder = seedFolder(join(out, "run"), seed);
    let looking: Promise<void> | undefined;
    await learn({
      ...{ environment: run.environment, environmentOptions: run.environmentOptions, method, options },
      out: join(out, "run"),
      learning: {
        ...{ steps: run.steps, seed, logEvery: run.episode, episodes: 1 },
        ...{ evaluateEvery: run.steps, checkpointEvery: run.steps, ...run.learning },
      },
      signal: stop.signal,
      onProgress() {
        looking ??= successesOf(folder).then((successes) => {
          if (isDone(successes)) stop.abort();
          looking = undefined;
        });
      },
    });
    await looking;
    const successes = await successesOf(folder);
    const first = successes.findIndex(({ success }) => success);
    const solved = solvedAt(successes);
    const line: Line = {
      ...{ task, agent: method, settings, seed },
      ...{ episodes: successes.length, steps: successes.at(-1)?.step ?? 0 },
      ...(first < 0 ? {} : { first: first + 1, firstStep: successes[first]!.step }),
      ...(solved === undefined ? {} : { solved }),
      ...{ seconds: Math.round((performance.now() - began) / 100) / 10, machine },
    };
    await addLine(FILE, line);
    console.log(JSON.stringify(line));
    return line;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

const tasks = words.filter((word) => word in agents);
const wanted = (name: string) => tasks.length === 0 || tasks.includes(name);
const lines: Line[] = [];
if (wanted("deep-sea"))
  for (const size of count("size") ? [count("size")!] : [10, 12, 14, 16, 18, 20])
    for (const agent of chosen("deep-sea"))
      for (const seed of seeds) {
        const world = { environment: "deep-sea", environmentOptions: { size, mapping: seed } };
        const run = { ...world, episode: size, steps: EPISODES * size };
        lines.push(await measured(`deep-sea ${size}`, agent, seed, run, (all) => solvedAt(all) !== undefined));
      }
if (wanted("swing-up"))
  for (const agent of chosen("swing-up"))
    for (const seed of seeds) {
      const run = {
        environment: "cartpole-swingup-sparse",
        episode: 1000,
        steps: 100_000,
        learning: { batchSize: 128, warmupSteps: 1000, learningRate: 1e-3, capacity: 5000 },
      };
      lines.push(await measured("swing-up", agent, seed, run, (all) => all.some(({ success }) => success)));
    }

console.log(
  "\n| task | agent | solved | first reward, episode | step | solved, episode | minutes |\n|---|---|---|---|---|---|---|",
);
for (const some of Map.groupBy(lines, ({ task, agent }) => `${task} ${agent}`).values()) {
  const of = (pick: (line: Line) => number | undefined) => {
    const values = some.flatMap((line) => pick(line) ?? []);
    return values.length === 0
      ? "never"
      : `${Math.round(interquartileMean(values))} (${Math.min(...values)}–${Math.max(...values)})`;
  };
  const { task, agent } = some[0]!;
  const solved = some.filter((line) => line.solved !== undefined).length;
  const minutes = some.reduce((sum, { seconds }) => sum + seconds / 60, 0);
  console.log(
    `| ${task} | ${agent} | ${solved} of ${some.length} | ${of(({ first }) => first)} | ${of(({ firstStep }) => firstStep)} | ${of(({ solved: at }) => at)} | ${minutes.toFixed(1)} |`,
  );
}
