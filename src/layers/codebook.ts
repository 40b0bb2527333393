import { type Array, constant, filled, int32, lax, np, type Rng } from "../array/index.ts";
import { oneHot } from "./functions/one-hot.ts";
import { trainingScope } from "./scope.ts";

/** The fractional parts of its consecutive multiples are evenly spread over [0, 1), for any number of them. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface CodebookParams {
  /** `[codes, codeDim]`. */
  readonly runningCodes: Array;
  /** `[codes]`: how often each is chosen, relative to uniform use. */
  readonly runningCounts: Array;
}

/**
 * A codebook for vector quantisation: each code is a running mean of the vectors assigned to it. Van den Oord et al. 2017,
 * appendix A.1, https://arxiv.org/abs/1711.00937, as Sonnet's `VectorQuantizerEMA`. A code that is hardly used is replaced
 * by a vector of the batch, as in Jukebox (https://arxiv.org/abs/2005.00341, appendix B.1); otherwise most codes soon die.
 *
 * Codes are running statistics, like BatchNorm's: no gradient moves them, a training step leaves their new values in the
 * scope. They start uniform with variance 1, like batch-normalised vectors; those that the first batch does not use are
 * replaced by its vectors.
 *
 * Differs from both: use is measured relative to uniform use, so that `restartBelow` means the same for every batch and
 * codebook; a replaced code starts at that threshold; the vectors that replace codes are taken at fixed, evenly spread
 * rows of the batch, which is shuffled.
 * @param options.decay of the running mean; 0.99 in both
 * @param options.restartBelow a code used less than this share of uniform use is replaced; 0 keeps all
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
     * The code nearest to each row of `z` `[rows, codeDim]`: `chosen` one-hot `[rows, codes]`, `code` `[rows, codeDim]`.
     * In training the codes move towards their vectors, from the next step on.
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
    // With `restartBelow` 0 an unused code's count falls to 0.
    const means = np.multiply(sums, np.reciprocal(perCode(np.maximum(counts, 1e-12))));
    statistics.set(runningCodes, np.where(perCode(isDead), fresh, means));
    statistics.set(runningCounts, np.where(isDead, restartBelow, counts));
  }
}
