import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { Tensor } from "../array/index.ts";
import type { MethodDefinition } from "../methods/index.ts";

/** How much of the embedding space the features of a batch use. */
export interface Spread {
  /** Between 1 (every feature vector on one line) and the smaller of rows and width. */
  readonly effectiveRank: number;
  /** 0 when all feature vectors point the same way, 1 when their directions are spread evenly. */
  readonly featureDeviation: number;
}

/** Rows used: the eigenvalues of so small a matrix take milliseconds. */
export const SPREAD_ROWS = 128;

/**
 * Effective rank: exp of the entropy of the singular values over their sum (RankMe, Garrido et al. 2022,
 * https://arxiv.org/abs/2210.02885; features are not centred). Feature deviation: the features' deviation after each is
 * scaled to length 1, mean over dimensions, times √width (Chen & He 2020, https://arxiv.org/abs/2011.10566, section 4.1).
 * Differs from the papers: only the first 128 rows of a batch are used, so the rank is at most 128.
 * @param features `[rows, width]`
 */
export function spreadOf({ shape: [batch = 0, width = 0], data }: Tensor): Spread {
  const rows = Math.min(batch, SPREAD_ROWS);
  const unit = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = row * width; i < (row + 1) * width; i++) square += data[i]! ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = row * width; i < (row + 1) * width; i++) unit[i] = data[i]! * scale;
  }
  let deviation = 0;
  for (let column = 0; column < width; column++) {
    let [mean, square] = [0, 0];
    for (let i = column; i < unit.length; i += width) mean += unit[i]! / rows;
    for (let i = column; i < unit.length; i += width) square += (unit[i]! - mean) ** 2 / rows;
    deviation += Math.sqrt(square) / width;
  }
  return { effectiveRank: effectiveRank(data, rows, width), featureDeviation: deviation * Math.sqrt(width) };
}

function effectiveRank(data: Tensor["data"], rows: number, width: number): number {
  // Singular values squared are the eigenvalues of the smaller of the two Gram matrices.
  const [size, length, along, across] = rows <= width ? [rows, width, width, 1] : [width, rows, 1, width];
  const gram = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += data[i * along + k * across]! * data[j * along + k * across]!;
      gram.set(i, j, sum);
      gram.set(j, i, sum);
    }
  const { realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const values = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return 1;
  const entropy = values.reduce((sum, value) => sum - (value > 0 ? (value / total) * Math.log(value / total) : 0), 0);
  return Math.exp(entropy);
}

/** Below either, nearly all samples look the same to the encoder. An untrained encoder is far above both. */
const COLLAPSED = { effectiveRank: 1.5, featureDeviation: 0.02 } as const;

const causes: Record<MethodDefinition["family"], string> = {
  "non-contrastive":
    "check the predictor and the learning rate (BYOL, SimSiam), or the weight of the variance or redundancy term",
  contrastive: "lower the learning rate or the temperature, or give the loss more negatives (batch size, queue)",
  distillation:
    "check the centring, the teacher's temperature and its momentum (DINO, iBOT), and lower the learning rate",
  clustering: "check that the clusters are used evenly (Sinkhorn's epsilon, iterations), and lower the learning rate",
  masked:
    "lower the learning rate or lengthen the warm-up; lower the mask ratio; for I-JEPA and data2vec check the teacher's momentum",
  predictive: "lower the learning rate or lengthen the warm-up; the pretext task may have a shortcut, or be too hard",
  restoration: "lower the learning rate; for a β-VAE lower β; for bottlenecks widen them",
  generative: "lower the learning rate or lengthen the warm-up",
  supervised: "lower the learning rate or lengthen the warm-up",
};

/** Warns once when the features collapse, and again only after they have recovered. */
export function collapseWatch({
  name,
  family,
}: MethodDefinition): (spread: Spread, width: number) => string | undefined {
  let warned = false;
  return ({ effectiveRank, featureDeviation }, width) => {
    const below = (factor: number) =>
      effectiveRank < COLLAPSED.effectiveRank * factor || featureDeviation < COLLAPSED.featureDeviation * factor;
    if (warned && !below(1.5)) warned = false;
    if (warned || !below(1)) return undefined;
    warned = true;
    return `features have an effective rank of ${effectiveRank.toFixed(1)} of ${width} and a deviation of ${featureDeviation.toFixed(3)}: collapsed; for ${name}: ${causes[family]}`;
  };
}
