import { type Array, nn, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";

export interface DistractorOptions {
  readonly temperature: number;
  /**
   * The codes that each target is made of, one-hot `[batch, places, groups × codes]`: a distractor of the same codes as the
   * positive does not count.
   */
  readonly chosen?: Array;
}

/** Cosine similarities over the temperature, `[batch, places, places]`, those of the positives, and each distractor's count. */
function candidates(context: Array, targets: Array, drawn: Array, { temperature, chosen }: DistractorOptions) {
  const unit = normalize(targets);
  const logits = np.multiply(np.matmul(normalize(context), np.transpose(unit, [0, 2, 1])), 1 / temperature);
  const positives = np.multiply(np.sum(np.multiply(normalize(context), unit), -1), 1 / temperature);
  const others = np.where(onDiagonal(context.shape[1]!), 0, drawn);
  if (!chosen) return { logits, positives, counts: others };
  const shared = np.matmul(chosen, np.transpose(chosen, [0, 2, 1]));
  const isSame = np.greater(shared, np.subtract(np.sum(chosen, -1, { keepdims: true }), 0.5));
  const counts = np.where(isSame, 0, others);
  return { logits, positives, counts };
}

/**
 * wav2vec 2.0's contrastive loss: the cross-entropy of identifying the target of each masked place among distractors, which
 * are targets of other masked places of the same sample, by cosine similarity over `temperature`; the mean over places.
 * Baevski et al. 2020, equation 3, https://arxiv.org/abs/2006.11477; as in fairseq, distractors that are the same as the
 * target do not count.
 * @param context `[batch, places, dim]`
 * @param targets `[batch, places, dim]`, row i that of place i
 * @param drawn `[batch, places, places]`: how often target j was drawn as a distractor of place i
 * @returns scalar
 */
export function wav2vec2(context: Array, targets: Array, drawn: Array, options: DistractorOptions): Array {
  const { logits, positives, counts } = candidates(context, targets, drawn, options);
  const isDrawn = np.greater(counts, 0);
  const weighted = np.where(isDrawn, np.add(logits, np.log(np.maximum(counts, 1))), -1e9);
  const all = np.concatenate([np.expandDims(positives, 2), weighted], 2);
  return np.mean(np.subtract(nn.logsumexp(all, -1), positives));
}

/** Share of places that are nearer to their target than to any distractor, scalar in [0, 1]. */
export function wav2vec2Accuracy(context: Array, targets: Array, drawn: Array, chosen?: Array): Array {
  const { logits, positives, counts } = candidates(context, targets, drawn, { temperature: 1, chosen });
  const nearest = np.max(np.where(np.greater(counts, 0), logits, -4), -1);
  return np.mean(np.where(np.greater(positives, nearest), 1, 0));
}
