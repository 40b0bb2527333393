import { np } from "../../array/index.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * Stochastic gradient descent with momentum; decay is added to the gradient, as in PyTorch. With `nesterov` the step is the
 * one that the momentum would take next.
 */
export const sgd = ({ momentum = 0.9, nesterov = false } = {}): Optimizer => ({
  slots: ["velocity"],
  update(param, gradient, memory, { learningRate, weightDecay }) {
    const decayed = weightDecay ? np.add(gradient, np.multiply(param, weightDecay)) : gradient;
    const velocity = np.add(np.multiply(memory.velocity!, momentum), decayed);
    const direction = nesterov ? np.add(decayed, np.multiply(velocity, momentum)) : velocity;
    return { param: np.subtract(param, np.multiply(direction, learningRate)), memory: { velocity } };
  },
});
