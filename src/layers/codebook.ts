import { type Array, constant, filled, int32, lax, np, type Rng } from "../array/index.ts";
import { oneHot } from "./functions/one-hot.ts";
import { trainingScope } from "./scope.ts";

/** Consecutive multiples of it, without their whole parts, lie evenly in [0, 1), any number of them. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface CodebookParams {
  /** `[codes, codeDim]`. */
  readonly runningCodes: Array;
  /** `[codes]`: how often each is chosen, over what it were if all were chosen alike. */
  readonly runningCounts: Array;
}

/**
 * Vectors to choose from, each a running mean of the vectors that chose it. Van den Oord et al. 2017, appendix A.1,
 * https://arxiv.org/abs/1711.00937, as Sonnet's `VectorQuantizerEMA`. A code that hardly any vector chooses becomes a
 * vector of the batch, as in Jukebox (https://arxiv.org/abs/2005.00341, appendix B.1): else most codes soon are of no use.
 *
 * Codes are statistics as BatchNorm's are: no gradient moves them, a training step leaves their new values in the scope.
 * At first they are uniform with variance 1, as batch-normalised vectors, and what the first batch does not choose is
 * replaced by its vectors.
 *
 * Differs from both: a code's use is measured against even use, so that `restartBelow` means the same for every batch and
 * codebook; a replaced code begins at that threshold; which vectors of a batch replace codes is fixed, evenly spread over
 * it, for batches are shuffled.
 * @param options.decay of the running mean; 0.99 in both
 * @param options.restartBelow a code used less, as a share of even use, is replaced; 0 keeps all
 */
export function codebook(codes: number, codeDim: number, options: { decay: number; restartBelow: number }) {
  const { decay, restartBelow } = options;
  const limit = Math.sqrt(3);
  /** Index of the code nearest to each row, int32 `[rows]`; no gradient. @param z `[rows, codeDim]` */
  const nearest = ({ runningCodes }: CodebookParams, z: Array): Array => {
    const products = np.matmul(lax.stopGradient(z), np.transpose(runningCodes));
    // |z − e|² without |z|², which is the same for all codes.
    return np.argmin(np.subtract(np.sum(np.square(runningCodes), -1), np.multiply(products, 2)), 1);
  };
  return {
    init: (rng: Rng) => ({
      runningCodes: rng.uniforms([codes, codeDim], -limit, limit),
      runningCounts: filled([codes], Math.max(restartBelow, 1e-3)),
    }),
    nearest,
    /**
     * The code nearest to each row of `z` `[rows, codeDim]`: as one-hot rows `[rows, codes]`, and itself
     * `[rows, codeDim]`. In training the codes move towards what chose them, from the next step on.
     */
    quantize(params: CodebookParams, z: Array): { chosen: Array; code: Array } {
      const chosen = oneHot(nearest(params, z), codes);
      remember(params, lax.stopGradient(z), chosen);
      return { chosen, code: np.matmul(chosen, params.runningCodes) };
    },
  };

  function remember({ runningCodes, runningCounts }: CodebookParams, z: Array, chosen: Array): void {
    const statistics = trainingScope()?.statistics;
    if (!statistics) return;
    const [rows] = z.shape as [number];
    const blend = (before: Array, now: Array) =>
      np.add(np.multiply(before, decay), np.multiply(now, ((1 - decay) * codes) / rows));
    const before = {
      codes: statistics.get(runningCodes) ?? runningCodes,
      counts: statistics.get(runningCounts) ?? runningCounts,
    };
    const perCode = (counts: Array) => np.reshape(counts, [codes, 1]);
    const counts = blend(before.counts, np.sum(chosen, 0));
    const sums = blend(np.multiply(before.codes, perCode(before.counts)), np.matmul(np.transpose(chosen), z));
    const spread = Int32Array.from({ length: codes }, (_, code) => Math.floor(((code * GOLDEN) % 1) * rows));
    const fresh = np.take(z, constant(int32(spread, [codes])), 0);
    const isDead = np.less(counts, restartBelow);
    // A code that is never replaced may be forgotten altogether.
    const means = np.multiply(sums, np.reciprocal(perCode(np.maximum(counts, 1e-12))));
    statistics.set(runningCodes, np.where(perCode(isDead), fresh, means));
    statistics.set(runningCounts, np.where(isDead, restartBelow, counts));
  }
}
