import { Rng } from "../../array/index.ts";
import { answersOf, type OpenOptions, type Part, type PartOf, parts, tableOptionsOf } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { everyEntry } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import { openLabelled } from "../labels/judge.ts";
import { evaluationSplit, type Split, splitData } from "../labels/split.ts";
import { meanAndInterval } from "../scores/metrics.ts";
import { centredRows, unitRows } from "../vectors/normalize.ts";
import { extractorsOf, labelled, notesOf } from "./contestants.ts";
import type { Role } from "./names.ts";

export interface FewShotOptions extends OpenOptions {
  readonly run: Run;
  /** Labelled data that the episodes are drawn from. */
  readonly data: Paths;
  /** Classes of an episode; 5 by default. */
  readonly ways?: number;
  /** Labelled examples of each class, one experiment for each number; 1, 5 and 20 by default. */
  readonly shots?: readonly number[];
  /** Query samples of each class; 15 by default. */
  readonly queries?: number;
  /** Number of episodes; 600 by default. */
  readonly episodes?: number;
  /** SimpleShot's centring: first subtract the mean of all vectors of the data. */
  readonly center?: boolean;
  /** How to split the data, so that examples are of the training part and queries of the test part: see `evaluate`. */
  readonly split?: string;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Mean accuracy over the episodes in [0, 1], and half the width of its 95 % confidence interval. */
export interface FewShotScore {
  readonly shots: number;
  readonly mean: number;
  readonly interval: number;
}

export interface FewShot {
  readonly run: { path: string; method: string; encoder: string; step: number };
  readonly data: { path: string; entries: number; labelled: number; broken: number; classes: number };
  /** How the data were split, if they were. */
  readonly splitting?: Split;
  readonly ways: number;
  readonly queries: number;
  readonly episodes: number;
  readonly center: boolean;
  readonly chance: number;
  readonly contestants: readonly {
    readonly role: Role;
    readonly name: string;
    readonly scores: readonly FewShotScore[];
  }[];
  /** What readers of the numbers must know. */
  readonly notes: readonly string[];
}

/**
 * Few-shot classification without training: predicts the class whose centroid (the mean of its examples) is nearest. The
 * rule of prototypical networks (Snell et al. 2017, https://arxiv.org/abs/1703.05175) on frozen vectors at unit length, as
 * in SimpleShot (Wang et al. 2019, https://arxiv.org/abs/1911.04623). Distances are Euclidean, as in both: the mean
 * minimises the squared Euclidean distance to a class's examples, but not the cosine distance. Episodes are the same for
 * every contestant. Differs from SimpleShot: `center` subtracts the mean of all of the data, as there are no base classes.
 * @throws UserError when there are too few classes, or too few examples of one
 *
 * @example
 * const run = await openRun("runs/photos");
 * console.log(fewShotTable(await fewShot({ run, data: "labelled/", ways: 5, shots: [1, 5] })));
 */
export async function fewShot({ run, onProgress, seed = 0, ...options }: FewShotOptions): Promise<FewShot> {
  const { data, labels } = options;
  const { ways = 5, shots = [1, 5, 20], queries = 15, episodes = 600, center = false } = options;
  const open = { ...tableOptionsOf(options), labels };
  const splitting =
    options.split === undefined
      ? undefined
      : await splitData(run, {
          ...{ ...open, data, by: options.split, seed },
          ...{ out: run.path, file: evaluationSplit(run) },
        });
  const source = await openLabelled(run, data, { ...open, splitFile: splitting?.file });
  try {
    const classes = source.classes ?? [];
    const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
    // Checked before features are extracted, which takes long; and again after, as broken files reduce the counts.
    const most = Math.max(...shots);
    const classed = (all: Int32Array, entries: Int32Array = everyEntry(source)) => {
      const partIn = source.parts;
      if (!partIn) return { support: rowsByClass(all, classes, { data, ways, examples: most + queries }) };
      const { train, test } = inBothParts(
        all,
        Uint8Array.from(entries, (entry) => partIn[entry]!),
      );
      const support = rowsByClass(train, classes, { data: `${inWords(data)}, training part`, ways, examples: most });
      const asked = rowsByClass(test, classes, { data: `${inWords(data)}, test part`, ways, examples: queries });
      return { support, asked };
    };
    classed(source.labels ?? new Int32Array());
    const contestants = [];
    let counts = { labelled: 0, broken: 0 };
    const extractors = await extractorsOf(run, source, stage);
    for (const { role, name, extract } of extractors) {
      const vectors = labelled(await extract(source), answersOf("classification", classes));
      const { rows, dim } = vectors;
      const byClass = classed(vectors.labels, vectors.entries);
      const units = unitRows(center ? centredRows(vectors.data, rows, dim) : vectors.data, rows, dim);
      const scores = shots.map((count): FewShotScore => {
        const rng = new Rng(seed).split("few-shot", count);
        const accuracies = Array.from({ length: episodes }, (_, episode) => {
          onProgress?.(`${name}: ${count}-shot episodes`, episode, episodes);
          const drawn = drawEpisode(
            byClass.support,
            { ways, shots: count, queries },
            rng.split(episode),
            byClass.asked,
          );
          return episodeAccuracy(units, dim, drawn);
        });
        return { shots: count, ...meanAndInterval(accuracies) };
      });
      contestants.push({ role, name, scores });
      counts = { labelled: rows, broken: vectors.broken };
    }
    const { path, step, config } = run;
    return {
      run: { path, method: config.method.name, encoder: config.encoder.name, step },
      data: { path: inWords(data), entries: source.length, ...counts, classes: classes.length },
      ...(splitting ? { splitting } : {}),
      ...{ ways, queries, episodes, center, chance: 1 / ways, contestants, notes: notesOf(extractors) },
    };
  } finally {
    await source.close();
  }
}

/** The labels of the rows of the training and of the test part, −1 elsewhere, and for classes that only one of them has. */
export function inBothParts(labels: Int32Array, partOf: PartOf): { train: Int32Array; test: Int32Array } {
  const of = (part: Part) => labels.map((label, row) => (parts[partOf[row]!] === part ? label : -1));
  const [train, test] = [of("train"), of("test")];
  const [known, asked] = [new Set(train), new Set(test)];
  const shared = (label: number) => (known.has(label) && asked.has(label) ? label : -1);
  return { train: train.map(shared), test: test.map(shared) };
}

/** The rows of each class that occurs. @throws UserError when an episode cannot be drawn from them */
function rowsByClass(
  labels: Int32Array,
  classes: readonly string[],
  { data, ways, examples }: { data: Paths; ways: number; examples: number },
): Int32Array[] {
  const found = classes
    .map((name, label) => ({ name, rows: Int32Array.from(labels.keys()).filter((row) => labels[row] === label) }))
    .filter(({ rows }) => rows.length > 0);
  if (found.length < ways)
    throw new UserError(`${inWords(data)}: ${found.length} classes are too few for ${ways} ways; lower --ways`);
  const least = found.reduce((a, b) => (b.rows.length < a.rows.length ? b : a));
  if (least.rows.length < examples)
    throw new UserError(
      `${inWords(data)}: class "${least.name}" has ${least.rows.length} examples; the shots and queries of an episode need ${examples}. Lower --shots or --queries`,
    );
  return found.map(({ rows }) => rows);
}

/** One episode: the rows of each class. */
export interface Episode {
  /** Labelled examples of each class. */
  readonly support: readonly Int32Array[];
  /** Queries of each class, disjoint from the examples. */
  readonly queries: readonly Int32Array[];
}

/**
 * Draws classes and, for each, examples and queries, all without replacement.
 * @param asked the rows of each class that queries are drawn from; by default those that are no examples
 */
export function drawEpisode(
  byClass: readonly Int32Array[],
  { ways, shots, queries }: { ways: number; shots: number; queries: number },
  rng: Rng,
  asked?: readonly Int32Array[],
): Episode {
  const labels = [...rng.permutation(byClass.length).subarray(0, ways)];
  const some = (rows: Int32Array, count: number) =>
    rng
      .permutation(rows.length)
      .subarray(0, count)
      .map((at) => rows[at]!);
  if (asked)
    return {
      support: labels.map((label) => some(byClass[label]!, shots)),
      queries: labels.map((label) => some(asked[label]!, queries)),
    };
  const drawn = labels.map((label) => some(byClass[label]!, shots + queries));
  return { support: drawn.map((rows) => rows.subarray(0, shots)), queries: drawn.map((rows) => rows.subarray(shots)) };
}

/** Share of the queries whose nearest centroid is that of their class; ties go to the first class. */
export function episodeAccuracy(vectors: Float32Array, dim: number, { support, queries }: Episode): number {
  const centroids = support.map((rows) => {
    const mean = new Float64Array(dim);
    for (const row of rows) for (let i = 0; i < dim; i++) mean[i]! += vectors[row * dim + i]! / rows.length;
    return mean;
  });
  let right = 0;
  let total = 0;
  for (const [label, rows] of queries.entries())
    for (const row of rows) {
      const distances = centroids.map((centroid) => {
        let sum = 0;
        for (let i = 0; i < dim; i++) sum += (vectors[row * dim + i]! - centroid[i]!) ** 2;
        return sum;
      });
      if (distances.indexOf(Math.min(...distances)) === label) right++;
      total++;
    }
  return right / total;
}
