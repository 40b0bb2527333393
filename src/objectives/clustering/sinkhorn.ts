import { type Array, nn, np } from "../../array/index.ts";

/**
 * Sinkhorn–Knopp: soft assignments of samples to prototypes that use every prototype equally. The scores' exponentials
 * are normalised in turn over the samples of each prototype and over the prototypes of each sample, as in SwAV's code
 * (https://github.com/facebookresearch/swav; Cuturi 2013, https://arxiv.org/abs/1306.0895), here of logarithms, so that
 * nothing overflows. Differentiable; stop the gradient where assignments are targets.
 * @param scores `[samples, prototypes]`
 * @param options.iterations 3 in SwAV; 0 leaves the exponentials as they are
 * @param options.epsilon strength of the entropy, which divides the scores; 0.05 in SwAV
 * @param options.counted `[samples]`, 1 for samples over which prototypes are balanced, 0 for those that are only assigned
 * @returns `[samples, prototypes]`, rows that sum to 1 after an iteration
 */
export function sinkhorn(
  scores: Array,
  { iterations, epsilon, counted }: { iterations: number; epsilon: number | Array; counted?: Array },
): Array {
  const outside = counted && np.multiply(np.subtract(np.reshape(counted, [-1, 1]), 1), 1e9);
  let assignment = np.multiply(scores, typeof epsilon === "number" ? 1 / epsilon : np.reciprocal(epsilon));
  for (let iteration = 0; iteration < iterations; iteration++) {
    const sharing = outside ? np.add(assignment, outside) : assignment;
    assignment = np.subtract(assignment, nn.logsumexp(sharing, 0, { keepdims: true }));
    assignment = nn.logSoftmax(assignment, -1);
  }
  return np.exp(assignment);
}
