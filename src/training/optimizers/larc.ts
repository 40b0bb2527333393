import { type Array, np } from "../../array/index.ts";
import { norm } from "./norm.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * LARS as SwAV trains with it: apex's LARC around PyTorch's SGD, without the clipping of the rate. It differs from `lars` in
 * that biases and norms are adapted and decayed too, that the length of the step is `trust` · ‖p‖ / (‖g‖ + decay · ‖p‖), and
 * that a change of the learning rate also applies to the momentum. A parameter that is zero, or whose gradient is, takes a plain momentum step without decay.
 * https://github.com/NVIDIA/apex/blob/master/apex/parallel/LARC.py, https://github.com/facebookresearch/swav/blob/main/main_swav.py
 */
export const larc = ({ momentum = 0.9, trust = 0.001, epsilon = 1e-8 } = {}): Optimizer => ({
  slots: ["velocity"],
  decaysAll: true,
  update(param, gradient, memory, { learningRate, weightDecay }) {
    const [length, steepness] = [norm(param), norm(gradient)];
    const decay = (size: Array) => (weightDecay ? np.multiply(size, weightDecay) : 0);
    const isAdapted = np.logicalAnd(np.greater(length, 0), np.greater(steepness, 0));
    const ratio = np.multiply(
      np.multiply(length, trust),
      np.reciprocal(np.add(np.add(steepness, decay(length)), epsilon)),
    );
    const decayed = np.add(gradient, decay(param));
    const direction = np.where(isAdapted, np.multiply(decayed, ratio), gradient);
    const velocity = np.add(np.multiply(memory.velocity!, momentum), direction);
    return { param: np.subtract(param, np.multiply(velocity, learningRate)), memory: { velocity } };
  },
});
