/**
 * The losses, as pure functions: arrays first, then one options object; rows are samples; a scalar comes back.
 * @module autodidact/objectives
 */
export { bagOfWords } from "./bag-of-words.ts";
export { barlowTwins } from "./barlow-twins.ts";
export { binaryCrossEntropy } from "./binary-cross-entropy.ts";
export { boxLoss, meanIou } from "./boxes.ts";
export { accuracy, atLabels, crossEntropy, weightedMean } from "./cross-entropy.ts";
export { dcl } from "./dcl.ts";
export { dclw } from "./dclw.ts";
export { embeddingDeviation } from "./deviation.ts";
export { type DistillationTemperatures, dino, distillation, updateCenter } from "./dino.ts";
export { gaussianKl } from "./gaussian-kl.ts";
export { ibot, patchDistillation } from "./ibot.ts";
export { inBatchAccuracy, inBatchContrast } from "./in-batch-contrast.ts";
export { infoNce, infoNceAccuracy } from "./info-nce.ts";
export { instanceDiscrimination } from "./instance-discrimination.ts";
export { koleo } from "./koleo.ts";
export { lejepa } from "./lejepa.ts";
export { maskedL1 } from "./masked-l1.ts";
export { maskedReconstruction, normalizePatches, patchMoments } from "./masked-reconstruction.ts";
export { mocoV3 } from "./moco-v3.ts";
export { type MsnOptions, msn } from "./msn.ts";
export { negativeCosine } from "./negative-cosine.ts";
export { nnclr } from "./nnclr.ts";
export { normalize } from "./normalize.ts";
export { contrastiveAccuracy, ntXent } from "./nt-xent.ts";
export { bernoulliNll, gaussianNll, squaredError } from "./pixels.ts";
export { replacedTokenDetection } from "./replaced-token-detection.ts";
export { sigreg } from "./sigreg.ts";
export { sinkhorn } from "./sinkhorn.ts";
export { smoothL1 } from "./smooth-l1.ts";
export { softCrossEntropy } from "./soft-cross-entropy.ts";
export { supCon } from "./sup-con.ts";
export { swav } from "./swav.ts";
export { codebookUsage, commitment, perplexity } from "./vector-quantization.ts";
export { vicreg } from "./vicreg.ts";
