/**
 * The losses, as pure functions: arrays first, then one options object; rows are samples; a scalar comes back.
 * @module autodidact/objectives
 */

export { codebookDiversity } from "./clustering/codebook-diversity.ts";
export { type MsnOptions, msn } from "./clustering/msn.ts";
export { sinkhorn } from "./clustering/sinkhorn.ts";
export { swav } from "./clustering/swav.ts";
export { clip } from "./contrastive/clip.ts";
export { type ContextOptions, contextAccuracy, contextPrediction } from "./contrastive/context-prediction.ts";
export { cpc, cpcAccuracy } from "./contrastive/cpc.ts";
export { dcl } from "./contrastive/dcl.ts";
export { dclw } from "./contrastive/dclw.ts";
export { futureContrast } from "./contrastive/future-contrast.ts";
export { type HierarchicalContrastOptions, hierarchicalContrast } from "./contrastive/hierarchical-contrast.ts";
export { inBatchAccuracy, inBatchContrast } from "./contrastive/in-batch-contrast.ts";
export { infoNce, infoNceAccuracy } from "./contrastive/info-nce.ts";
export { instanceDiscrimination } from "./contrastive/instance-discrimination.ts";
export { localGlobal, localGlobalAccuracy } from "./contrastive/local-global.ts";
export { mocoV3 } from "./contrastive/moco-v3.ts";
export { nnclr } from "./contrastive/nnclr.ts";
export { nodeContrast } from "./contrastive/node-contrast.ts";
export { contrastiveAccuracy, ntXent } from "./contrastive/nt-xent.ts";
export { siglip } from "./contrastive/siglip.ts";
export { type DistractorOptions, wav2vec2, wav2vec2Accuracy } from "./contrastive/wav2vec2.ts";
export { type DistillationTemperatures, dino, distillation, updateCenter } from "./distillation/dino.ts";
export { ibot, patchDistillation } from "./distillation/ibot.ts";
export { koleo } from "./distillation/koleo.ts";
export { barlowTwins } from "./non-contrastive/barlow-twins.ts";
export { ccaSsg } from "./non-contrastive/cca-ssg.ts";
export { lejepa } from "./non-contrastive/lejepa.ts";
export { negativeCosine } from "./non-contrastive/negative-cosine.ts";
export { sigreg } from "./non-contrastive/sigreg.ts";
export { vicreg } from "./non-contrastive/vicreg.ts";
export { embeddingDeviation } from "./parts/deviation.ts";
export { normalize } from "./parts/normalize.ts";
export { standardize } from "./parts/standardize.ts";
export { bagOfWords } from "./predictive/bag-of-words.ts";
export { boxLoss, meanIou } from "./predictive/boxes.ts";
export { type CodeOptions, hubert, hubertAccuracy } from "./predictive/hubert.ts";
export { replacedTokenDetection } from "./predictive/replaced-token-detection.ts";
export { columnReconstruction } from "./restoration/columns.ts";
export { gaussianKl } from "./restoration/gaussian-kl.ts";
export { maskedL1 } from "./restoration/masked-l1.ts";
export { maskedReconstruction, normalizePatches, patchMoments } from "./restoration/masked-reconstruction.ts";
export { bernoulliNll, gaussianNll, squaredError } from "./restoration/pixels.ts";
export { scaledCosine } from "./restoration/scaled-cosine.ts";
export { smoothL1 } from "./restoration/smooth-l1.ts";
export { codebookUsage, commitment, perplexity } from "./restoration/vector-quantization.ts";
export {
  balancedAccuracy,
  binaryCrossEntropies,
  binaryCrossEntropy,
  type WeightedScores,
} from "./supervised/binary-cross-entropy.ts";
export { accuracy, atLabels, crossEntropy, weightedMean } from "./supervised/cross-entropy.ts";
export { softCrossEntropy } from "./supervised/soft-cross-entropy.ts";
export { supCon } from "./supervised/sup-con.ts";
