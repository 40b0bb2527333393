import { type Array, np } from "../../array/index.ts";
import { norm } from "./norm.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * Layer-wise adaptive rate scaling for large batches, as in SimCLR's code: a weight's step is `trust` times as long as the
 * weight. Biases and norms take plain momentum steps; a weight without a gradient stays where it is. You et al.
 * 2017, https://arxiv.org/abs/1708.03888
 */
export const lars = ({ momentum = 0.9, trust = 0.001 } = {}): Optimizer => ({
  slots: ["velocity"],
  update(param, gradient, memory, { learningRate, isWeight, weightDecay }) {
    // Otherwise a frozen weight, whose gradient is 0, would decay, and `trust` would make that decay large.
    const decayed = weightDecay
      ? np.add(gradient, np.multiply(param, np.where(np.greater(norm(gradient), 0), weightDecay, 0)))
      : gradient;
    const direction = isWeight ? np.multiply(decayed, trustRatio(param, decayed, trust)) : decayed;
    const velocity = np.add(np.multiply(memory.velocity!, momentum), np.multiply(direction, learningRate));
    return { param: np.subtract(param, velocity), memory: { velocity } };
  },
});

/** trust · ‖weight‖ / ‖gradient‖; 1 where either is zero. */
function trustRatio(param: Array, gradient: Array, trust: number): Array {
  const [length, steepness] = [norm(param), norm(gradient)];
  return np.where(
    np.logicalAnd(np.greater(length, 0), np.greater(steepness, 0)),
    np.multiply(np.multiply(length, trust), np.reciprocal(np.maximum(steepness, 1e-30))),
    1,
  );
}
