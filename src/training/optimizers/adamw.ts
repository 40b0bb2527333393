import { type Array, np } from "../../array/index.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * Adam with decoupled weight decay, as PyTorch computes it. Loshchilov & Hutter 2017, https://arxiv.org/abs/1711.05101
 */
export const adamw = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}): Optimizer => ({
  slots: ["first", "second"],
  update(param, gradient, memory, { learningRate, step, weightDecay }) {
    const first = np.add(np.multiply(memory.first!, beta1), np.multiply(gradient, 1 - beta1));
    const second = np.add(np.multiply(memory.second!, beta2), np.multiply(np.square(gradient), 1 - beta2));
    const correction = (beta: number): Array => np.subtract(1, np.exp(np.multiply(step, Math.log(beta))));
    // What the corrections multiply is put on the scalars: √(v / c) + ε = (√v + ε √c) / √c.
    const root = np.sqrt(correction(beta2));
    const rate = np.multiply(np.multiply(learningRate, root), np.reciprocal(correction(beta1)));
    const inverse = np.reciprocal(np.add(np.sqrt(second), np.multiply(root, epsilon)));
    const kept = weightDecay === 0 ? param : np.multiply(param, np.subtract(1, np.multiply(learningRate, weightDecay)));
    return { param: np.subtract(kept, np.multiply(np.multiply(first, inverse), rate)), memory: { first, second } };
  },
});
