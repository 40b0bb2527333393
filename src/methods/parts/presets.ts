/** Shared parts of the `small` presets: tens of thousands of 32-pixel pictures or a few MB of text, two cores, minutes. */

/** Crops that leave a small picture recognisable, and the colours of SimCLR on CIFAR-10, the same for every method. */
const smallPictures = { cropScale: [0.25, 1], jitter: 0.5, saturation: 1 } as const;

/** Of methods that blur: a blur leaves little of 32 pixels, as the papers' own experiments on CIFAR-10 have it. */
export const withoutBlur = { modalityOptions: { ...smallPictures, blur: 0 } } as const;

/** A ResNet-10 of 24 channels. */
export const smallResnet = {
  encoder: "resnet",
  encoderOptions: { layers: "10", width: 24, stem: "stride2" },
  modalityOptions: smallPictures,
} as const;

/** A narrow Vision Transformer. */
export const smallVit = {
  encoder: "vit",
  encoderOptions: { width: 192, depth: 4, heads: 3, patchSize: 4, dropPath: 0 },
  modalityOptions: smallPictures,
} as const;

/** What DINO and its kin read of a Transformer: the class token, and positions that are learned. */
export const withClassToken = { pooling: "class", positions: "learned" } as const;

/** AdamW, for batches of a hundred rather than thousands. The warm-up is the trainer's, a tenth of the training. */
export const smallTraining = {
  optimizer: "adamw",
  learningRate: 2e-3,
  weightDecay: 1e-4,
  batchSize: 128,
} as const;

/** A Transformer of BERT's size mini. */
export const smallText = {
  summary: "a few MB of text on two cores",
  encoder: "transformer",
  encoderOptions: { size: "mini" },
  training: { epochs: 20, batchSize: 64, gradientClip: 1 },
} as const;
