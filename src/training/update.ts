import { type Array, np, type Traced, type Tree, tree } from "../array/index.ts";
import type { MethodParams } from "../methods/method.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { Training } from "./run/config.ts";
import { atConstantRate, type TrainableOptions, trainable } from "./trainable.ts";

/** Biases, norms, and embeddings of positions and tokens are not decayed. */
const isWeight = (path: string, shape: readonly number[]): boolean =>
  shape.length > 1 && !/(^|\.)(positions|classToken|registers|maskToken)$/.test(path);

/** What an update depends on; how a rate or a decay changes from step to step is no part of it. */
export type UpdateOptions = Pick<Training, "weightDecay" | "gradientClip"> &
  Partial<Pick<Training, "finalWeightDecay" | "clipBy">> &
  TrainableOptions;

/** Whether weights are decayed at any step. */
export const decays = ({
  weightDecay,
  finalWeightDecay = 0,
}: Pick<UpdateOptions, "weightDecay" | "finalWeightDecay">) => weightDecay > 0 || finalWeightDecay > 0;

/** float32 scalars of the update. */
export interface UpdateNumbers {
  readonly learningRate: Array;
  readonly constantRate: Array;
  readonly weightDecay: Array;
  /** 1 for the first. */
  readonly step: Array;
}

/**
 * Clips the gradients and updates the parameters that are trained. Traced.
 * @param scales the factor of each one's learning rate, by path: see `trainable`
 */
export function updateOf(optimizer: Optimizer, structure: Tree<unknown>, options: UpdateOptions) {
  const scales = trainable(structure, options);
  const constant = atConstantRate(structure, options.constantRate);
  return (
    params: Traced<MethodParams>,
    gradients: Readonly<Record<string, Array>>,
    /** Of the parameters that are not trained but follow the batch. */
    statistics: Readonly<Record<string, Array>>,
    memory: Readonly<Record<string, Readonly<Record<string, Array>>>>,
    numbers: UpdateNumbers,
  ) => {
    const { gradNorm, clip } = clipping(gradients, options);
    const slots: Record<string, Record<string, Array>> = Object.fromEntries(optimizer.slots.map((slot) => [slot, {}]));
    const updated = tree.map<Array, Array>(params, (param, path) => {
      const gradient = gradients[path];
      if (!gradient) return statistics[path] ?? param;
      const remembered = Object.fromEntries(optimizer.slots.map((slot) => [slot, memory[slot]![path]!]));
      const weight = isWeight(path, param.shape);
      const scale = scales.get(path) ?? 1;
      const rate = constant.has(path) ? numbers.constantRate : numbers.learningRate;
      const result = optimizer.update(param, clip(path, gradient), remembered, {
        learningRate: scale === 1 ? rate : np.multiply(rate, scale),
        step: numbers.step,
        isWeight: weight,
        weightDecay: decays(options) && (weight || optimizer.decaysAll) ? numbers.weightDecay : undefined,
      });
      for (const slot of optimizer.slots) slots[slot]![path] = result.memory[slot]!;
      return result.param;
    }) as Traced<MethodParams>;
    return { params: updated, optimizer: slots, gradNorm };
  };
}

/** The norm of all gradients, before clipping, and the clipping of each, as PyTorch's `clip_grad_norm_` does it. */
function clipping(
  gradients: Readonly<Record<string, Array>>,
  { gradientClip, clipBy = "all" }: Pick<UpdateOptions, "gradientClip" | "clipBy">,
): { gradNorm: Array; clip: (path: string, gradient: Array) => Array } {
  const squares = Object.fromEntries(
    Object.entries(gradients).map(([path, gradient]) => [path, np.sum(np.square(gradient))]),
  );
  const gradNorm = np.sqrt(Object.values(squares).reduce((sum, square) => np.add(sum, square)));
  if (gradientClip === 0) return { gradNorm, clip: (_, gradient) => gradient };
  const factor = (norm: Array) => np.minimum(1, np.multiply(np.reciprocal(np.add(norm, 1e-6)), gradientClip));
  const ofAll = factor(gradNorm);
  return {
    gradNorm,
    clip: (path, gradient) => np.multiply(gradient, clipBy === "all" ? ofAll : factor(np.sqrt(squares[path]!))),
  };
}
