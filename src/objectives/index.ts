/** Losses and what is read off beside them: pure functions of arrays, arrays first, then options. */
export { maskedL1 } from "./masked-l1.ts";
export { maskedReconstruction, normalizePatches, patchMoments } from "./masked-reconstruction.ts";
export { smoothL1 } from "./smooth-l1.ts";
export { codebookUsage, perplexity, vectorQuantization } from "./vector-quantization.ts";
