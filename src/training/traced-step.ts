import { type Array, np, type TensorSpec, type Traced, type Tree, tree } from "../array/index.ts";
import type { Params } from "../encoders/encoder.ts";
import { valueAndGrad } from "../engine/index.ts";
import { inTraining } from "../layers/scope.ts";
import type { Method, MethodParams } from "../methods/method.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { Training } from "./run/config.ts";
import { frozenByName, trainable } from "./trainable.ts";
import { type UpdateNumbers, type UpdateOptions, updateOf } from "./update.ts";

/** The state that a run carries between steps, as trees of one leaf type. */
export type State<Leaf> = {
  readonly params: Tree<Leaf>;
  /** For each slot of the optimiser, a leaf per trained parameter, by path. */
  readonly optimizer: Readonly<Record<string, Readonly<Record<string, Leaf>>>>;
  readonly memory: Tree<Leaf>;
  /** Running average of the parameters; empty when none is kept. */
  readonly ema: Tree<Leaf>;
};

/** What a step depends on. */
export type StepOptions = Pick<Training, "ema" | "seed" | "device" | "threads"> &
  Partial<Pick<Training, "frozenStatistics">> &
  UpdateOptions;

export type ByPath = Readonly<Record<string, Array>>;

/** float32 scalars of a step. */
export interface Numbers extends UpdateNumbers {
  readonly progress: Array;
}

/** What the forward and backward pass of one batch give. */
export interface Passed {
  readonly loss: Array;
  /** Of the trained parameters. */
  readonly gradients: ByPath;
  readonly metrics: ByPath;
  /** The method's, after the forward pass. */
  readonly memory: Tree<Array>;
  /** New running statistics. */
  readonly statistics: ByPath;
  /** `features` of the batch by the method's encoder, if it used it. */
  readonly observed: ByPath;
}

/** The forward and backward pass of a method on one batch; traced. @param structure of the parameters */
export function passOf(
  method: Method,
  structure: Tree<TensorSpec>,
  training: StepOptions,
): {
  trace(state: Pick<State<Array>, "params" | "memory">, inputs: Params, progress: Array, noise?: Array): Passed;
  /** Random numbers that the layers asked for in the last tracing, `[draws, samples]`. */
  noiseShape(): [draws: number, samples: number];
} {
  // Frozen parameters are passed through without gradients.
  const scales = trainable(structure, training);
  // A part that is not trained sees what it saw when it was; the rest needs the statistics of its own batches.
  const frozen = frozenByName(structure, training.freeze);
  let noiseShape: [number, number] = [0, 0];
  return {
    noiseShape: () => noiseShape,
    trace(current, inputs, progress, noise) {
      // The trees are the ones that the method created.
      const params = current.params as Traced<MethodParams>;
      const learned = Object.fromEntries(tree.entries<Array>(params).filter(([path]) => scales.has(path)));
      const { aux, gradients, loss } = valueAndGrad((leaves: ByPath) => {
        const traced = tree.map<Array, Array>(params, (leaf, path) => leaves[path] ?? leaf) as Traced<MethodParams>;
        const kept = tree.entries<Array>(traced).flatMap(([path, leaf]) => (frozen.has(path) ? [leaf] : []));
        const forward = inTraining(noise, () => method.loss(traced, inputs, current.memory as Params, { progress }), {
          frozenStatistics: training.frozenStatistics || new Set(kept),
        });
        noiseShape = [forward.draws, forward.samples];
        const statistics = Object.fromEntries(
          tree.entries<Array>(traced).flatMap(([path, leaf]) => {
            const value = forward.statistics.get(leaf);
            return value ? [[path, value]] : [];
          }),
        );
        const { loss: value, metrics = {}, memory: returned = current.memory } = forward.result;
        // A teacher run in training mode keeps the statistics of what it saw itself.
        const memory = tree.map<Array, Array>(returned, (leaf) => forward.statistics.get(leaf) ?? leaf) as Params;
        const [weight] = tree.leaves<Array>(traced.encoder);
        const seen = forward.representations.find(({ weights }) => weights === weight);
        const observed: Record<string, Array> = seen ? { features: seen.features } : {};
        return { loss: value, aux: { metrics, memory, statistics, observed } };
      }, learned);
      return { loss, gradients, ...aux };
    },
  };
}

/**
 * What follows the backward pass: clipping, the update, the method's memory, and the running average of the weights; traced.
 * @param structure of the parameters
 */
export function afterPass(
  method: Method,
  optimizer: Optimizer,
  structure: Tree<TensorSpec>,
  training: StepOptions,
): (
  current: State<Array>,
  passed: Pick<Passed, "gradients" | "memory" | "statistics">,
  numbers: Numbers,
) => { state: State<Array>; gradNorm: Array } {
  const update = updateOf(optimizer, structure, training);
  return (current, { gradients, memory, statistics }, numbers) => {
    // The trees are the ones that the method created.
    const before = current.params as Traced<MethodParams>;
    const { params, optimizer: slots, gradNorm } = update(before, gradients, statistics, current.optimizer, numbers);
    const { progress } = numbers;
    const after = method.afterStep?.(params, memory as Params, { progress }) ?? memory;
    const averages = new Map(tree.entries(current.ema));
    const ema =
      training.ema > 0
        ? tree.map<Array, Array>(params, (leaf, path) =>
            np.add(np.multiply(averages.get(path)!, training.ema), np.multiply(leaf, 1 - training.ema)),
          )
        : {};
    return { state: { params, optimizer: slots, memory: after, ema }, gradNorm };
  };
}
