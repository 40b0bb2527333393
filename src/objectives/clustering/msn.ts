import { type Array, lax, nn, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";
import { sinkhorn } from "./sinkhorn.ts";

export interface MsnOptions {
  /** Divides the cosine similarities to the prototypes; 0.1 in the paper. */
  readonly temperature: number;
  /** Exponent 1 / T that sharpens the targets; 0.25 in the paper. */
  readonly targetSharpenTemperature: number;
  /** Weight of the mean-entropy maximisation; 1 in the released recipe. */
  readonly regularizationWeight: number;
  /** Sinkhorn iterations over the sharpened targets: 3 in the released recipe, none (0) by default. */
  readonly sinkhornIterations?: number;
}

/**
 * Masked siamese networks: the soft assignment of a masked view matches that of the whole view, and all prototypes are
 * used. Assran et al. 2022, https://arxiv.org/abs/2204.07141, as in https://github.com/facebookresearch/msn: softmax
 * over the cosine similarities to the prototypes; targets sharpened, p^(1/T) renormalised, and without gradient, not even
 * through the prototypes; cross-entropy, plus weight · (log K − entropy of the anchors' mean distribution).
 * @param anchors `[views · batch, dim]`, one view after the other
 * @param targets `[batch, dim]`; each stands for its sample in every view
 * @param prototypes `[K, dim]`
 * @returns scalar
 * @throws Error when the anchors are not a whole number of views
 */
export function msn(anchors: Array, targets: Array, prototypes: Array, options: MsnOptions): Array {
  const views = anchors.shape[0]! / targets.shape[0]!;
  if (!Number.isInteger(views)) throw new Error(`msn: ${anchors.shape[0]} anchors for ${targets.shape[0]} targets`);
  const directions = np.transpose(normalize(prototypes));
  const logProbabilities = (z: Array) =>
    nn.logSoftmax(np.multiply(np.matmul(normalize(z), directions), 1 / options.temperature), -1);
  const ofAnchors = logProbabilities(anchors);
  // p^(1/T), renormalised, is the softmax of log p / T; `sinkhorn` takes logarithms too.
  const sharp = nn.logSoftmax(np.multiply(logProbabilities(targets), 1 / options.targetSharpenTemperature), -1);
  const iterations = options.sinkhornIterations ?? 0;
  const target = lax.stopGradient(sinkhorn(sharp, { iterations, epsilon: 1 }));
  const perAnchor = np.concatenate(globalThis.Array<Array>(views).fill(target), 0);
  const crossEntropy = np.negative(np.mean(np.sum(np.multiply(perAnchor, ofAnchors), -1)));
  const mean = np.mean(np.exp(ofAnchors), 0);
  // The logarithm of the mean probability without an underflow to log 0.
  const logMean = np.subtract(nn.logsumexp(ofAnchors, 0), Math.log(anchors.shape[0]!));
  const regularizer = np.add(np.sum(np.multiply(mean, logMean)), Math.log(prototypes.shape[0]!));
  return np.add(crossEntropy, np.multiply(regularizer, options.regularizationWeight));
}
