/**
 * Shared parts of the `small` presets, for few and small samples, two cores and minutes. What depends on the kind of data
 * (encoder size, strength of augmentation) is in the modality's `small`.
 */

/** No blur: it leaves little of 32 pixels. The papers' experiments on CIFAR-10 have none either. */
export const withoutBlur = { modalityOptions: { blur: 0 } } as const;

/** The schedule that the small presets were measured with, whatever the paper's is. */
export const smallSchedule = { warmup: 0.1, schedule: "cosine", finalLearningRate: 0, clipBy: "all" } as const;

/** AdamW, for batches of hundreds instead of thousands. */
export const smallTraining = {
  ...smallSchedule,
  optimizer: "adamw",
  learningRate: 2e-3,
  weightDecay: 1e-4,
  batchSize: 128,
} as const;

/** For methods that mask patches of a sample, which must be recognisable otherwise. */
export const smallMasked = {
  lightViews: true,
  training: {
    ...{ schedule: "cosine", finalLearningRate: 0, clipBy: "all" },
    ...{ batchSize: 128, learningRate: 1e-3, warmupEpochs: 1, gradientClip: 1 },
  },
} as const;

/** For methods that learn from the nodes of graphs. */
export const smallGraphs = {
  summary: "batches of 128; the gradient is clipped",
  lightViews: true,
  training: { learningRate: 1e-3, batchSize: 128, gradientClip: 1 },
} as const;

/** For masked language models. */
export const smallLanguage = {
  summary: "20 epochs in batches of 64",
  training: { epochs: 20, batchSize: 64, gradientClip: 1 },
} as const;

/** ESM-2's encoder and optimiser (Lin et al. 2023), with a learning rate and a length of training for small encoders. */
export const esm = {
  summary: "ESM-2's block (pre-norm, rotary positions), gradients clipped, 20 epochs in batches of 64",
  encoder: "transformer",
  encoderOptions: { norm: "pre", positions: "rotary" },
  training: { epochs: 20, batchSize: 64, learningRate: 1e-3, gradientClip: 1 },
} as const;

/** Encoder options of the DINO family: a class token and learned positions. */
export const withClassToken = { pooling: "class", positions: "learned" } as const;
