/**
 * Shared parts of the `small` presets: few samples, small ones, two cores, minutes. What depends on the kind of data (the
 * size of an encoder, how far views are distorted) is in the modality's own `small`.
 */

/** Of methods that blur: a blur leaves little of 32 pixels, as the papers' own experiments on CIFAR-10 have it. */
export const withoutBlur = { modalityOptions: { blur: 0 } } as const;

/** AdamW, for batches of a hundred rather than thousands. The warm-up is the trainer's, a tenth of the training. */
export const smallTraining = {
  optimizer: "adamw",
  learningRate: 2e-3,
  weightDecay: 1e-4,
  batchSize: 128,
} as const;

/** For methods that hide patches of a sample, which must be recognisable otherwise. */
export const smallMasked = {
  lightViews: true,
  training: { batchSize: 128, learningRate: 1e-3, warmupEpochs: 1, gradientClip: 1 },
} as const;

/** For masked language models. */
export const smallLanguage = {
  summary: "20 epochs in batches of 64",
  training: { epochs: 20, batchSize: 64, gradientClip: 1 },
} as const;

/** What DINO and its kin read of a Transformer: the class token, and positions that are learned. */
export const withClassToken = { pooling: "class", positions: "learned" } as const;
