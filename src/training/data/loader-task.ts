import { allocate, Rng, type Tensor, type TreeRecord, tree } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import { countOfKeys } from "../../data/parts/keys.ts";
import { reopenPaths } from "../../data/paths/reopen.ts";
import { among } from "../../data/views.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import type { Method } from "../../methods/index.ts";
import { atStages } from "../curriculum.ts";
import type { CurriculumEntry, RunConfig } from "../run/config.ts";
import { buildMethod, buildParts } from "../run/run.ts";
import { batchesOfKeys } from "./batches.ts";

/** Everything a worker needs to prepare any batch of a run; structured-cloneable. */
export interface LoaderTask extends Pick<RunConfig, "modality" | "encoder" | "method" | "curriculum"> {
  readonly manifest: unknown;
  /** Which entries of the source to use. */
  readonly indices: Int32Array;
  /** Class of every entry, −1 for none or a hidden one; the source's labels by default. */
  readonly labels?: Int32Array;
  readonly batchSize: number;
  /** Batches of a step of training; 1 by default. */
  readonly accumulate?: number;
  readonly seed: number;
}

/** A request to a worker: the batch of that number, counted from the first epoch, at the curriculum's stages. */
export interface BatchRequest {
  readonly at: number;
  readonly stages: readonly number[];
}

export interface BrokenEntry {
  readonly name: string;
  readonly reason: string;
}

export interface PreparedBatch {
  /** Leaves of the method's views, each with the batch in front, by path. */
  readonly leaves: readonly (readonly [path: string, tensor: Tensor])[];
  readonly broken: readonly BrokenEntry[];
}

/** Whole steps: the samples that are left over are not used in that epoch. */
export const stepsPerEpoch = ({
  indices,
  batchSize,
  accumulate = 1,
}: Pick<LoaderTask, "indices" | "batchSize" | "accumulate">): number =>
  Math.floor(indices.length / (batchSize * accumulate));

/** Entries decoded concurrently. */
const CONCURRENCY = 8;

/**
 * Prepares any batch by its number. Its content depends on the seed and the number only, not on the worker or on earlier
 * batches.
 */
export async function openTask(
  task: LoaderTask,
): Promise<{ prepare(batch: number, stages?: readonly number[]): Promise<PreparedBatch>; close(): Promise<void> }> {
  const { indices, batchSize, curriculum = [] } = task;
  const { modalityDefinition, modalityOptions, modality } = await buildParts(task);
  const source = await reopenPaths(modalityDefinition, task.manifest, { ...modalityOptions, ...largest(curriculum) });
  /** The method at the current stages; building one is cheap. */
  let built: { key: string; method: Method } | undefined;
  const methodAt = async (stages: readonly number[]): Promise<Method> => {
    const key = stages.join();
    if (built?.key !== key)
      built = { key, method: (await buildMethod(atStages(task, curriculum, stages), indices.length, true)).method };
    return built.method;
  };
  const mixing = offerOf(modality, among);
  const perEpoch = stepsPerEpoch(task) * (task.accumulate ?? 1);
  const root = new Rng(task.seed);
  const unreadable = new Map<number, string>();
  let order: { epoch: number; positions: Int32Array } | undefined;
  const keys = source.keys && countOfKeys(source.keys, indices) >= batchSize ? source.keys : undefined;
  const orderOf = (epoch: number): Int32Array => {
    const all = root.split("order", epoch).permutation(indices.length);
    return keys ? batchesOfKeys(all, (position) => keys[indices[position]!]!, batchSize) : all;
  };

  /** The entry at a position, or the next one that can be read. */
  const read = async (position: number, broken: BrokenEntry[]): Promise<{ sample: unknown; index: number }> => {
    for (let offset = 0; offset < indices.length; offset++) {
      const index = indices[(position + offset) % indices.length]!;
      if (unreadable.has(index)) continue;
      try {
        return { sample: await source.read(index), index };
      } catch (error) {
        if (!(error instanceof BrokenSample)) throw error;
        unreadable.set(index, error.message);
        broken.push({ name: source.name(index), reason: error.message });
      }
    }
    throw new UserError(
      `none of the ${indices.length} entries could be read; the first: ${[...unreadable.values()][0]}`,
    );
  };

  return {
    async prepare(batch, stages = []) {
      const method = await methodAt(stages);
      const epoch = Math.floor(batch / perEpoch);
      if (order?.epoch !== epoch) order = { epoch, positions: orderOf(epoch) };
      const start = (batch % perEpoch) * batchSize;
      const broken: BrokenEntry[] = [];
      const columns = new Map<string, { spec: Tensor; data: Tensor["data"] }>();
      for (let first = 0; first < batchSize; first += CONCURRENCY) {
        const rows = globalThis.Array.from(
          { length: Math.min(CONCURRENCY, batchSize - first) },
          (_, row) => first + row,
        );
        const positions = rows.map((row) => order!.positions[start + row]!);
        const samples = await Promise.all(positions.map((position) => read(position, broken)));
        const all = samples.map(({ sample }) => sample);
        samples.forEach(({ sample: alone, index }, at) => {
          const sample = mixing ? mixing(alone, all.toSpliced(at, 1)) : alone;
          const entry = { index, label: (task.labels ?? source.labels)?.[index] ?? -1 };
          const views = method.views(sample, root.split("views", epoch, positions[at]!), entry);
          for (const [path, leaf] of tree.entries<Tensor>(views)) {
            let column = columns.get(path);
            if (!column) {
              column = { spec: leaf, data: allocate(leaf.dtype, leaf.data.length * batchSize) };
              columns.set(path, column);
            }
            column.data.set(leaf.data, leaf.data.length * rows[at]!);
          }
        });
      }
      const leaves = [...columns].map(([path, { spec, data }]): [string, Tensor] => [
        path,
        { dtype: spec.dtype, shape: [batchSize, ...spec.shape], data },
      ]);
      return { leaves, broken };
    },
    close: () => source.close(),
  };
}

/** Sources may read samples no larger than the options need, so these have the larger end of each curriculum. */
const largest = (curriculum: readonly CurriculumEntry[]): Record<string, number> =>
  Object.fromEntries(
    curriculum.flatMap(({ option, group, from, to }): [string, number][] =>
      group === "modality" && typeof from === "number" && typeof to === "number" ? [[option, Math.max(from, to)]] : [],
    ),
  );

/** Samples' views with the batch in front, by path. */
export function stackViews(views: readonly TreeRecord<Tensor>[]): (readonly [path: string, tensor: Tensor])[] {
  const rows = views.map((view) => tree.entries<Tensor>(view));
  return (rows[0] ?? []).map(([path, { dtype, shape, data }], column) => {
    const all = allocate(dtype, data.length * rows.length);
    rows.forEach((row, at) => {
      all.set(row[column]![1].data, at * data.length);
    });
    return [path, { dtype, shape: [rows.length, ...shape], data: all }];
  });
}

export const toBatch = ({ leaves }: PreparedBatch): TreeRecord<Tensor> => {
  const batch = tree.fromEntries(leaves);
  if (typeof batch === "object" && !globalThis.Array.isArray(batch) && !("dtype" in batch))
    return batch as TreeRecord<Tensor>;
  throw new Error("the method's views are not a record of tensors");
};

/** A worker's message when it fails. */
export const describeFailure = (error: unknown): { message: string; user: boolean } => ({
  message: messageOf(error),
  user: error instanceof UserError,
});
