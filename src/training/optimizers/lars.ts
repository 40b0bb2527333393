import { np } from "../../array/index.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * Layer-wise adaptive rate scaling for large batches, as SimCLR uses it: the step of each weight is proportional to the
 * weight's norm. Parameters without decay (biases, norms) take plain momentum steps. You et al. 2017,
 * https://arxiv.org/abs/1708.03888
 */
export const lars = ({ momentum = 0.9, trust = 0.001 } = {}): Optimizer => ({
  slots: ["velocity"],
  update(param, gradient, memory, { learningRate, weightDecay }) {
    const decayed = weightDecay === 0 ? gradient : np.add(gradient, np.multiply(param, weightDecay));
    const norm = (x: typeof param) => np.sqrt(np.sum(np.square(x)));
    const adapts = weightDecay !== 0;
    const paramNorm = norm(param);
    const gradientNorm = norm(decayed);
    const ratio = np.where(
      np.logicalAnd(np.greater(paramNorm, 0), np.greater(gradientNorm, 0)),
      np.multiply(np.multiply(paramNorm, trust), np.reciprocal(np.maximum(gradientNorm, 1e-30))),
      1,
    );
    const scaled = np.multiply(adapts ? np.multiply(decayed, ratio) : decayed, learningRate);
    const velocity = np.add(np.multiply(memory.velocity!, momentum), scaled);
    return { param: np.subtract(param, velocity), memory: { velocity } };
  },
});
