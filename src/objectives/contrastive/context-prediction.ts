import { type Array, np } from "../../array/index.ts";
import { balancedAccuracy, binaryCrossEntropy } from "../supervised/binary-cross-entropy.ts";

/** What a neighbourhood is compared with. */
export interface ContextOptions {
  /** `[batch]`, 1 where there is a context and 0 where there is none. */
  readonly there: Array;
  /** Contexts of other samples that each neighbourhood is compared with: those of the next ones in the batch. */
  readonly negatives: number;
}

/**
 * Context prediction: whether a neighbourhood and a context surround the same node, the binary cross-entropy of the product of
 * their vectors. Hu et al. 2020, section 3.1.1, https://arxiv.org/abs/1905.12265, as in its code
 * (https://github.com/snap-stanford/pretrain-gnns): the mean over pairs of one node, and that over all other pairs times `negatives`.
 * @param neighborhood `[batch, dim]`
 * @param context `[batch, dim]`, row i around the same node as row i of `neighborhood`
 * @returns scalar
 */
export function contextPrediction(neighborhood: Array, context: Array, options: ContextOptions): Array {
  const { positive, negative } = pairsOf(neighborhood, context, options);
  const right = binaryCrossEntropy(positive.scores, 1, { weights: positive.weights });
  const wrong = binaryCrossEntropy(negative.scores, 0, { weights: negative.weights });
  return np.add(right, np.multiply(wrong, options.negatives));
}

/** Mean share of pairs that are told to be of one node or not, chance 0.5. Parameters as of `contextPrediction`. */
export function contextAccuracy(neighborhood: Array, context: Array, options: ContextOptions): Array {
  const { positive, negative } = pairsOf(neighborhood, context, options);
  return balancedAccuracy(positive, negative);
}

/** Scores of pairs, and which of them count. */
function pairsOf(neighborhood: Array, context: Array, { there, negatives }: ContextOptions) {
  const shifts = globalThis.Array.from({ length: negatives }, (_, at) => at + 1);
  const score = (other: Array) => np.sum(np.multiply(neighborhood, other), -1);
  return {
    positive: { scores: score(context), weights: there },
    negative: {
      scores: np.concatenate(shifts.map((shift) => score(shifted(context, shift)))),
      weights: np.concatenate(shifts.map((shift) => np.multiply(there, shifted(there, shift)))),
    },
  };
}

/** Row i is row i + shift, around the end. */
function shifted(rows: Array, shift: number): Array {
  const cut = shift % rows.shape[0]!;
  if (cut === 0) return rows;
  const [first, rest] = np.split(rows, [cut], 0);
  return np.concatenate([rest!, first!], 0);
}
