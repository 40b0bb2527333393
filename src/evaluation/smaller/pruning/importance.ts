import { type Array, Rng, scalar, type Tensor, tree } from "../../../array/index.ts";
import type { Source } from "../../../data/index.ts";
import type { InitialParams, Params } from "../../../encoders/index.ts";
import { compile, read, valueAndGrad } from "../../../engine/index.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { stackViews, toBatch } from "../../../training/data/loader-task.ts";
import { everyEntry } from "../../../training/features.ts";
import { checkpointPath, loadCheckpoint } from "../../../training/run/checkpoint.ts";
import { buildMethod, type Run } from "../../../training/run/run.ts";
import { type Scores, type Structure, sumByStructure } from "./structures.ts";

/** Σ w² over each part: small weights matter little. Li et al. 2016, https://arxiv.org/abs/1608.08710, with squares. */
export const magnitude = (params: InitialParams, structures: readonly Structure[]): Scores =>
  sumByStructure(
    combine(params, params, (weight) => weight * weight),
    structures,
  );

export interface TaylorOptions {
  readonly run: Run;
  readonly source: Source<unknown>;
  /** Entries to draw batches from, and the label of every entry (−1: none); by default all entries without labels. */
  readonly parts?: { readonly indices: Int32Array; readonly labels: Int32Array };
  readonly structures: readonly Structure[];
  /** Number of batches, of the run's batch size. */
  readonly batches: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * (Σ gradient · w)² over each part, averaged over batches: to first order, the squared change of the run's loss without
 * that part. Molchanov et al. 2019, https://arxiv.org/abs/1906.10771, equation 8.
 */
export async function taylor({
  run,
  source,
  structures,
  batches,
  onProgress,
  parts = {
    indices: everyEntry(source),
    labels: new Int32Array(source.length).fill(-1),
  },
}: TaylorOptions): Promise<Scores> {
  const { config, methodParams: params } = run;
  const { method } = await buildMethod(config, config.data.entries);
  const { state } = await loadCheckpoint(checkpointPath(run.path, "last"));
  const memory = toParams(state.memory);
  const rng = new Rng(config.training.seed).split("importance");
  const { indices, labels } = parts;
  const size = Math.min(config.training.batchSize, indices.length);
  const batchOf = async (batch: number) => {
    const views = [];
    for (const at of rng.split("order", batch).permutation(indices.length)) {
      if (views.length === size) break;
      const index = indices[at]!;
      const sample = await source.read(index).catch(skipBroken);
      if (sample === undefined) continue;
      const entry = { index: index % config.data.entries, label: labels[index]! };
      views.push(method.views(sample, rng.split("views", batch, index), entry));
    }
    if (views.length < size)
      throw new UserError(`${views.length} of ${indices.length} entries could be read; a batch is ${size}`);
    return toBatch({ leaves: stackViews(views), broken: [] });
  };
  const gradientsOf = (weights: Params, inputs: Params, kept: Params, progress: Array) => {
    const { gradients } = valueAndGrad((traced: Params) => {
      // The trees come from the method, by way of a checkpoint.
      const { loss } = method.loss(traced as Parameters<typeof method.loss>[0], inputs, kept, { progress });
      return { loss, aux: {} };
    }, weights);
    return { encoder: gradients.encoder! };
  };
  const first = await batchOf(0);
  const program = await compile(gradientsOf, [params, first, memory, scalar(1)], { name: "importance" });
  const total: Scores = structures.map(({ count }) => new Float64Array(count));
  try {
    for (let batch = 0; batch < batches; batch++) {
      const gradients = await read(
        await program.run(params, batch === 0 ? first : await batchOf(batch), memory, scalar(1)),
      );
      const byPath = new Map(tree.entries<Tensor>(gradients));
      const ofEncoder = tree.map<Tensor, Tensor>(run.params, (_, path) => byPath.get(`encoder.${path}`)!);
      const change = combine(run.params, toParams(ofEncoder), (weight, gradient) => weight * gradient);
      sumByStructure(change, structures).forEach((scores, structure) => {
        scores.forEach((score, part) => {
          total[structure]![part]! += score ** 2 / batches;
        });
      });
      onProgress?.(batch + 1, batches);
    }
  } finally {
    await program.dispose();
  }
  return total;
}

/** Combines two trees with the same paths, value by value. */
function combine(one: InitialParams, other: InitialParams, by: (a: number, b: number) => number): InitialParams {
  const others = new Map(tree.entries<Tensor>(other));
  return toParams(
    tree.map<Tensor, Tensor>(one, (leaf, path) => ({
      dtype: "float32",
      shape: leaf.shape,
      data: Float32Array.from(leaf.data, (value, at) => by(value, others.get(path)!.data[at]!)),
    })),
  );
}

/** These trees are records at the root. */
const toParams = (leaves: ReturnType<typeof tree.fromEntries<Tensor>>): InitialParams => leaves as InitialParams;
