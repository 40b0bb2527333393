import { np } from "../../array/index.ts";
import type { Optimizer } from "./optimizer.ts";

/** Stochastic gradient descent with momentum; decay is added to the gradient, as in PyTorch. */
export const sgd = ({ momentum = 0.9 } = {}): Optimizer => ({
  slots: ["velocity"],
  update(param, gradient, memory, { learningRate, weightDecay }) {
    const decayed = weightDecay === 0 ? gradient : np.add(gradient, np.multiply(param, weightDecay));
    const velocity = np.add(np.multiply(memory.velocity!, momentum), decayed);
    return { param: np.subtract(param, np.multiply(velocity, learningRate)), memory: { velocity } };
  },
});
