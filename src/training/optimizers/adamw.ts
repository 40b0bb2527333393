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
    const rate = np.multiply(learningRate, np.reciprocal(correction(beta1)));
    const toSecond = np.reciprocal(np.sqrt(correction(beta2)));
    const inverse = np.reciprocal(np.add(np.multiply(np.sqrt(second), toSecond), epsilon));
    const kept = weightDecay === 0 ? param : np.multiply(param, np.subtract(1, np.multiply(learningRate, weightDecay)));
    return { param: np.subtract(kept, np.multiply(np.multiply(first, inverse), rate)), memory: { first, second } };
  },
});
