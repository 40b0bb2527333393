import { Rng } from "../../array/index.ts";
import type { Features } from "../../data/features.ts";
import { type OpenOptions, type Source, tableOptionsOf } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { writeOutput } from "../../foundation/outputs.ts";
import { csv } from "../../interop/csv.ts";
import { collect, extractFeatures } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { prepareTableAndSheet, writeEntrySheet } from "../drawing/entry-sheet.ts";
import { predictor } from "../labels/predictor.ts";
import { unitRows } from "../vectors/normalize.ts";
import { kCenter } from "./strategies/k-center.ts";
import { margin } from "./strategies/margin.ts";
import { random } from "./strategies/random.ts";
import type { Candidates, Choice, Strategy } from "./strategies/strategy.ts";
import { typicality } from "./strategies/typicality.ts";

const byName = { typicality, "k-center": kCenter, random } satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof byName | "margin";

/** Names of the strategies. */
export const strategies: readonly StrategyName[] = ["typicality", "k-center", "margin", "random"];

export interface SuggestOptions extends OpenOptions {
  readonly run: Run;
  /** Data to choose from. Labels from folder names are ignored; `labels` and `labelColumn` are not. */
  readonly pool: Paths;
  /** Number of samples to choose; 100 by default. */
  readonly budget?: number;
  readonly strategy?: StrategyName;
  /** Table with the columns `path` and `label`: the pool's samples that are labelled already, as rows with a label are. */
  readonly labels?: string;
  /** Other data that are labelled already; ignored by margin. */
  readonly labelled?: Paths;
  /** CSV file to write; for pictures also a sheet next to it, a `.png`. */
  readonly out?: string;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

export interface Suggestion {
  /** From 1, the most useful first. */
  readonly rank: number;
  readonly path: string;
  /** The strategy's score: larger is more typical, or farther; for margin smaller is less certain. */
  readonly score?: number;
  readonly reason: string;
}

export interface Suggestions {
  readonly strategy: StrategyName;
  readonly pool: { path: string; entries: number; labelled: number; broken: number };
  /** Number of labelled samples outside the pool. */
  readonly labelled: number;
  readonly suggestions: readonly Suggestion[];
  readonly files: readonly string[];
}

/**
 * Suggests what to label next: samples of a pool, chosen by the encoder's vectors.
 * @throws UserError when there are fewer unlabelled samples than the budget
 *
 * @example
 * const run = await openRun("runs/photos");
 * const { suggestions } = await suggest({ run, pool: "photos/", budget: 50, strategy: "typicality" });
 * for (const { path } of suggestions) console.log(path);
 */
export async function suggest(options: SuggestOptions): Promise<Suggestions> {
  const { run, pool, budget = 100, strategy = "typicality", out } = options;
  const { labelColumn, labels } = options;
  if (out !== undefined) await prepareTableAndSheet(out);
  const source = await openData(run, pool, { ...tableOptionsOf(options), labels });
  try {
    const poolLabels = labels !== undefined || labelColumn !== undefined ? source.labels : undefined;
    const labelledRows = ({ indices }: Features) =>
      Int32Array.from(indices.keys()).filter((row) => (poolLabels?.[indices[row]!] ?? -1) >= 0);
    const { features, labelledPool, other, choose } =
      strategy === "margin"
        ? await byMargin(options, source, labelledRows)
        : await byVectors(options, byName[strategy], source, labelledRows);
    const free = features.rows - labelledPool.length;
    if (budget > free)
      throw new UserError(`${inWords(pool)}: a budget of ${budget}, but only ${free} samples have no label yet`);
    options.onProgress?.(`choosing by ${strategy}`, 0, budget);
    const choices = choose(budget);
    const entries = choices.map(({ row }) => features.indices[row]!);
    const suggestions = choices.map(({ row: _, ...choice }, at) => ({
      rank: at + 1,
      path: source.name(entries[at]!),
      ...choice,
    }));
    const files: string[] = [];
    if (out !== undefined) {
      const header = ["rank", "path", "score", "reason"];
      const rows = suggestions.map(({ rank, path, score, reason }) => [rank, path, score?.toPrecision(6), reason]);
      await writeOutput(out, [csv([header, ...rows])]);
      const title = `What to label next, by ${strategy}, from the top left`;
      const sheet = await writeEntrySheet(out, { modality: run.modality, source }, title, [entries]);
      files.push(out, ...(sheet === undefined ? [] : [sheet]));
    }
    return {
      strategy,
      pool: {
        path: inWords(pool),
        entries: source.length,
        labelled: labelledPool.length,
        broken: features.broken.length,
      },
      labelled: other,
      suggestions,
      files,
    };
  } finally {
    await source.close();
  }
}

/** A strategy with its inputs, except the budget. */
interface Ready {
  readonly features: Features;
  /** Rows of the pool that are labelled already. */
  readonly labelledPool: Int32Array;
  /** Number of labelled samples outside the pool. */
  readonly other: number;
  choose(budget: number): Choice[];
}

type Labelled = (features: Features) => Int32Array;

async function byVectors(
  options: SuggestOptions,
  strategy: Strategy,
  source: Source<unknown>,
  labelled: Labelled,
): Promise<Ready> {
  const features = await featuresOf(options, "pool", source);
  const other = options.labelled === undefined ? undefined : await labelledFeatures(options, options.labelled);
  const labelledPool = labelled(features);
  const candidates = candidatesOf(features, labelledPool, other);
  const rng = new Rng(options.seed ?? 0).split("suggest");
  return { features, labelledPool, other: other?.rows ?? 0, choose: (budget) => strategy(candidates, budget, rng) };
}

/** By the run's predictions. @throws UserError when it does not classify */
async function byMargin(
  { run, onProgress }: SuggestOptions,
  source: Source<unknown>,
  labelled: Labelled,
): Promise<Ready> {
  const { task, outputs, predict, dispose } = await predictor(run);
  try {
    if (task !== "classification" || outputs.length < 2)
      throw new UserError(`${run.path}: margin needs a run that classifies; this one's task is ${task}`);
    const progress = (done: number, total: number) => onProgress?.("predictions for the pool", done, total);
    const options = { modality: run.modality, source, onProgress: progress };
    const features = await collect(options, outputs.length, (rows) => predict(rows));
    const labelledPool = labelled(features);
    const excluded = new Set(labelledPool);
    const free = Int32Array.from({ length: features.rows }, (_, row) => row).filter((row) => !excluded.has(row));
    return { features, labelledPool, other: 0, choose: (budget) => margin(features.data, outputs, free, budget) };
  } finally {
    await dispose();
  }
}

function featuresOf({ run, onProgress }: SuggestOptions, what: string, source: Source<unknown>, indices?: Int32Array) {
  const { encoder, params, modality, config } = run;
  const progress = (done: number, total: number) => onProgress?.(`features of the ${what}`, done, total);
  const { device } = config.training;
  return extractFeatures({ encoder, params, modality, source, indices, device, onProgress: progress });
}

/** Features of other labelled data: of the labelled entries, or of all if the data have no labels. */
async function labelledFeatures(options: SuggestOptions, path: Paths): Promise<Features> {
  const source = await openData(options.run, path, tableOptionsOf(options));
  try {
    const { labels } = source;
    const indices = labels && Int32Array.from(labels.keys()).filter((index) => labels[index]! >= 0);
    return await featuresOf(options, "labelled data", source, indices);
  } finally {
    await source.close();
  }
}

/** The pool's rows, followed by those of other labelled data. */
function candidatesOf(pool: Features, labelledPool: Int32Array, other: Features | undefined): Candidates {
  const { dim } = pool;
  const rows = pool.rows + (other?.rows ?? 0);
  const data = new Float32Array(rows * dim);
  data.set(pool.data);
  if (other) data.set(other.data, pool.rows * dim);
  const labelledOther = Int32Array.from({ length: rows - pool.rows }, (_, at) => pool.rows + at);
  return {
    units: unitRows(data, rows, dim),
    rows,
    dim,
    labelled: Int32Array.from([...labelledPool, ...labelledOther]),
  };
}
