import type { Features } from "../../data/features.ts";
import { type OpenOptions, type Source, tableOptionsOf } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { writeOutput } from "../../foundation/outputs.ts";
import { csv } from "../../interop/csv.ts";
import { extractFeatures } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { prepareTableAndSheet, writeEntrySheet } from "../drawing/entry-sheet.ts";
import { bankOf, nearestOthers } from "../vectors/nearest.ts";
import { unitRows } from "../vectors/normalize.ts";

export interface DuplicatesOptions extends OpenOptions {
  readonly run: Run;
  readonly data: Paths;
  /** Cosine from which two samples are near-duplicates, in (0, 1]; 0.98 by default. */
  readonly threshold?: number;
  /** k: outliers are far from their k-th nearest neighbour; 10 by default. */
  readonly neighbours?: number;
  /** How many outliers to list; 20 by default. */
  readonly outliers?: number;
  /** CSV file to write; for pictures also a sheet next to it, a `.png`. */
  readonly out?: string;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** A sample in a group of near-duplicates. */
export interface Duplicate {
  readonly path: string;
  readonly label?: string | null;
  /** Cosine to the nearest other sample of the group. */
  readonly similarity: number;
}

export interface Outlier {
  readonly path: string;
  readonly label?: string | null;
  /** 1 − cosine to the k-th nearest neighbour, 0 to 2. */
  readonly distance: number;
}

export interface Duplicates {
  readonly data: { path: string; entries: number; broken: number };
  readonly threshold: number;
  /** Mean cosine of two different samples, for comparison with the threshold. */
  readonly meanCosine: number;
  /** Largest first. Groups are transitive: near-duplicates of the same sample are in one group. */
  readonly groups: readonly (readonly Duplicate[])[];
  /** Number of groups with samples of more than one class: a wrong label, or a leak. */
  readonly mixed: number;
  readonly neighbours: number;
  /** Median distance to the k-th neighbour. */
  readonly median: number;
  /** Farthest first. */
  readonly outliers: readonly Outlier[];
  readonly files: readonly string[];
}

/** Rounding error of a float32 cosine, so that copies count as 1. */
const SLACK = 1e-6;
/** Rows per neighbour search. */
const CHUNK = 256;

/**
 * Finds near-duplicates (cosine of the encoder's vectors at or above the threshold) and outliers (far from their k-th
 * nearest neighbour: Ramaswamy et al. 2000, https://doi.org/10.1145/342009.335437). Above 50,000 samples neighbours come
 * from an approximate index, which may miss a few.
 * @throws UserError when fewer than two samples can be read
 *
 * @example
 * const run = await openRun("runs/photos");
 * const { groups, outliers } = await duplicates({ run, data: "photos/", threshold: 0.98 });
 * for (const group of groups) console.log(group.map(({ path }) => path).join(" = "));
 */
export async function duplicates(options: DuplicatesOptions): Promise<Duplicates> {
  const { run, data, out, threshold = 0.98, onProgress, labels } = options;
  if (out !== undefined) await prepareTableAndSheet(out);
  const { encoder, params, modality, config } = run;
  const source = await openData(run, data, { ...tableOptionsOf(options), labels });
  try {
    const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
    const { device } = config.training;
    const features = await extractFeatures({
      encoder,
      params,
      modality,
      source,
      device,
      onProgress: stage("features"),
    });
    if (features.rows < 2) throw new UserError(`${inWords(data)}: fewer than two samples could be read`);
    const neighbours = Math.min(options.neighbours ?? 10, features.rows - 1);
    const found = findGroups(features.data, features.dim, { threshold, neighbours, onProgress: stage("neighbours") });
    const groups = found.groups.map((rows) =>
      rows.map((row) => ({ ...nameOf(source, features, row), similarity: found.nearest[row]! })),
    );
    const distances = found.farthest.map((similarity) => 1 - similarity);
    const far = [...distances.keys()].sort((a, b) => distances[b]! - distances[a]! || a - b);
    const outlying = far.slice(0, options.outliers ?? 20);
    const outliers = outlying.map((row) => ({ ...nameOf(source, features, row), distance: distances[row]! }));
    const files: string[] = [];
    if (out !== undefined) {
      await writeOutput(out, [csv(tableOf(groups, outliers))]);
      const title = `Near-duplicates, each group on a new row; last rows: ${outliers.length} outliers`;
      const entries = [...found.groups, outlying].map((rows) => rows.map((row) => features.indices[row]!));
      const sheet = await writeEntrySheet(out, { modality, source }, title, entries);
      files.push(out, ...(sheet === undefined ? [] : [sheet]));
    }
    return {
      data: { path: inWords(data), entries: source.length, broken: features.broken.length },
      ...{ threshold, meanCosine: meanCosine(features), groups, neighbours },
      mixed: groups.filter((group) => new Set(group.flatMap(({ label }) => label ?? [])).size > 1).length,
      ...{ median: distances[far[far.length >> 1]!]!, outliers, files },
    };
  } finally {
    await source.close();
  }
}

function nameOf({ name, classes }: Source<unknown>, { indices, labels }: Features, row: number) {
  return { path: name(indices[row]!), ...(labels && classes ? { label: classes[labels[row]!] ?? null } : {}) };
}

const tableOf = (groups: readonly (readonly Duplicate[])[], outliers: readonly Outlier[]) => [
  ["kind", "group", "path", "label", "score"],
  ...groups.flatMap((group, at) =>
    group.map(({ path, label, similarity }) => ["duplicate", at + 1, path, label ?? "", similarity.toFixed(6)]),
  ),
  ...outliers.map(({ path, label, distance }) => ["outlier", "", path, label ?? "", distance.toFixed(6)]),
];

/** Mean cosine of two different rows: follows from the norm of the mean vector, without comparing all pairs. */
function meanCosine({ data, rows, dim }: Features): number {
  const units = unitRows(data, rows, dim);
  const sum = new Float64Array(dim);
  let squares = 0;
  units.forEach((value, at) => {
    sum[at % dim]! += value;
    squares += value * value;
  });
  return (sum.reduce((total, value) => total + value * value, 0) - squares) / (rows * (rows - 1));
}

export interface Found {
  /** Rows of each group of two or more, ascending; the largest group first. */
  readonly groups: readonly (readonly number[])[];
  /** Cosine to the nearest other row. */
  readonly nearest: Float32Array;
  /** Cosine to the k-th nearest other row. */
  readonly farthest: Float32Array;
}

/** Connected groups of rows with cosines at or above the threshold, and every row's nearest and k-th nearest other row. */
export function findGroups(
  data: Float32Array,
  dim: number,
  options: { threshold: number; neighbours: number; onProgress?: (done: number, total: number) => void },
): Found {
  const { threshold, neighbours, onProgress } = options;
  const total = data.length / dim;
  const bank = bankOf(data, dim);
  const nearest = new Float32Array(total);
  const farthest = new Float32Array(total);
  // Union-find: each row points towards the first row of its group.
  const parents = Int32Array.from({ length: total }, (_, row) => row);
  const rootOf = (row: number): number => {
    let root = row;
    while (parents[root] !== root) root = parents[root]!;
    parents[row] = root;
    return root;
  };
  let pending = Int32Array.from(parents.keys());
  // If all neighbours of a row are near-duplicates it may have more: those rows are searched again with a larger count.
  for (let count = neighbours; pending.length > 0; count = Math.min(4 * count, total - 1)) {
    const full: number[] = [];
    for (let start = 0; start < pending.length; start += CHUNK) {
      const rows = pending.subarray(start, start + CHUNK);
      const { rows: others, similarities } = nearestOthers(bank, data, dim, count, rows);
      rows.forEach((row, at) => {
        const cosines = similarities.subarray(at * count, (at + 1) * count);
        if (count === neighbours) {
          nearest[row] = cosines[0]!;
          farthest[row] = cosines[count - 1]!;
        }
        const near = cosines.findIndex((similarity) => similarity < threshold - SLACK);
        for (const other of others.subarray(at * count, at * count + (near < 0 ? count : near)))
          parents[Math.max(rootOf(row), rootOf(other))] = Math.min(rootOf(row), rootOf(other));
        if (near < 0) full.push(row);
      });
      if (count === neighbours) onProgress?.(start + rows.length, total);
    }
    const isOne = parents.every((_, row) => rootOf(row) === 0);
    pending = count === total - 1 || isOne ? new Int32Array() : Int32Array.from(full);
  }
  const groups = new Map<number, number[]>();
  for (let row = 0; row < total; row++) {
    const root = rootOf(row);
    const group = groups.get(root);
    if (group) group.push(row);
    else groups.set(root, [row]);
  }
  const several = [...groups.values()].filter(({ length }) => length > 1);
  return { groups: several.sort((a, b) => b.length - a.length || a[0]! - b[0]!), nearest, farthest };
}
