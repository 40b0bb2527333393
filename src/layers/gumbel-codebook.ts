import { type Array, lax, np, type Rng } from "../array/index.ts";
import { oneHot } from "./functions/one-hot.ts";
import { softmax } from "./functions/softmax.ts";
import { uniforms } from "./functions/uniforms.ts";
import { linear } from "./linear.ts";

export interface GumbelCodebookOptions {
  /** Width of what is quantised. */
  readonly input: number;
  readonly groups: number;
  /** Codes of each group. */
  readonly codes: number;
  /** Width of the result, one part of it for each group: a multiple of `groups`. */
  readonly codeDim: number;
}

/** Nearest to 0 and 1 that a uniform number may be, so that its Gumbel noise is finite. */
const EDGE = 1e-6;

/**
 * A product quantiser: of each group one code is chosen by a linear layer, in training with Gumbel noise, and the gradient
 * is that of the softmax (straight-through). Jang et al. 2016, https://arxiv.org/abs/1611.01144, as in wav2vec 2.0
 * (https://arxiv.org/abs/2006.11477, section 2), from where the initial weights are, too.
 */
export function gumbelCodebook({ input, groups, codes, codeDim }: GumbelCodebookOptions) {
  const project = linear(input, groups * codes);
  return {
    init: (rng: Rng) => {
      const { bias } = project.init(rng);
      const weight = rng.split("project").normals([groups * codes, input]);
      return { project: { weight, bias }, codes: rng.split("codes").uniforms([groups * codes, codeDim / groups]) };
    },
    /**
     * @param z `[batch, places, input]`
     * @param temperature of the softmax that the gradient is of, a scalar if it is an array
     * @returns `code` `[batch, places, codeDim]`; `chosen`, one-hot, and `shares`, the softmax without noise and
     *   temperature, `[batch × places, groups, codes]`
     */
    apply(
      params: { project: { weight: Array; bias: Array }; codes: Array },
      z: Array,
      temperature: Array | number,
    ): { code: Array; chosen: Array; shares: Array } {
      const [batch, places] = z.shape as [number, number];
      const flat = project.apply(params.project, z);
      const drawn = uniforms(flat.shape);
      const noisy = drawn ? np.add(flat, gumbel(drawn)) : flat;
      const byGroup = (x: Array) => np.reshape(x, [batch * places, groups, codes]);
      const soft = softmax(np.multiply(byGroup(noisy), np.reciprocal(np.multiply(temperature, 1))));
      const chosen = oneHot(np.argmax(lax.stopGradient(byGroup(noisy)), -1), codes);
      // The value is the chosen code's, the gradient that of the softmax.
      const through = np.add(soft, lax.stopGradient(np.subtract(chosen, soft)));
      const table = np.reshape(params.codes, [groups, codes, codeDim / groups]);
      const parts = np.matmul(np.transpose(through, [1, 0, 2]), table);
      const code = np.reshape(np.transpose(parts, [1, 0, 2]), [batch, places, codeDim]);
      return { code, chosen, shares: softmax(byGroup(flat)) };
    },
  };
}

/** Gumbel noise, −log(−log(u)). */
const gumbel = (uniform: Array): Array =>
  np.negative(np.log(np.negative(np.log(np.minimum(np.maximum(uniform, EDGE), 1 - EDGE)))));
