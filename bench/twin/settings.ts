/** The trainings of the twin: the same for both sides, and nothing left to a default that may change. */
import type { Choices } from "../methods/shared.ts";

export const twins = ["simclr", "mae", "dino"] as const;
export type Twin = (typeof twins)[number];

export const isTwin = (name: string): name is Twin => twins.some((twin) => twin === name);

const common = {
  ...({ optimizer: "adamw", schedule: "cosine", finalLearningRate: 0, ema: 0 } as const),
  ...({ gradientClip: 0, clipBy: "all", accumulate: 1, beta2: 0.999 } as const),
};
/** The same from the first step to the last. */
const decay = (weightDecay: number) => ({ weightDecay, finalWeightDecay: weightDecay });
const resnet = {
  encoder: "resnet",
  encoderOptions: { layers: "10", width: 16, stem: "stride2", zeroInit: false },
} as const;
/** SimCLR's views of CIFAR-10. */
const views = {
  ...{ imageSize: 32, channels: 3, augmentation: "photo", cropScale: [0.25, 1], flip: 0.5, jitter: 0.5, saturation: 1 },
  ...{ jitterProbability: 0.8, greyscale: 0.2, blur: 0, solarize: 0 },
} as const;

/** DINO has a scale for each kind of crop. */
const { cropScale: _, ...withoutScale } = views;

/** Small enough for minutes on one core; epochs are of 10,000 images. */
export const settings: Readonly<Record<Twin, Omit<Choices, "data">>> = {
  simclr: {
    ...{ method: "simclr", modality: "image", ...resnet, modalityOptions: views },
    options: { temperature: 0.2, projectionDim: 128 },
    training: { ...common, epochs: 8, batchSize: 128, learningRate: 2e-3, ...decay(1e-4), warmupEpochs: 0.8 },
  },
  mae: {
    ...{ method: "mae", modality: "image", encoder: "vit" },
    encoderOptions: {
      ...{ width: 96, depth: 4, heads: 3, patchSize: 4, pooling: "mean", positions: "sincos", dropPath: 0 },
      initialisation: "truncated-normal",
    },
    modalityOptions: { imageSize: 32, channels: 3, augmentation: "photo", cropScale: [0.25, 1], flip: 0.5 },
    options: { maskRatio: 0.75, decoderWidth: 64, decoderDepth: 2, decoderHeads: 4, normalizeTarget: true },
    training: {
      ...common,
      epochs: 10,
      batchSize: 128,
      learningRate: 1.5e-3,
      beta2: 0.95,
      ...decay(0.05),
      warmupEpochs: 1,
    },
  },
  dino: {
    ...{ method: "dino", modality: "image", ...resnet },
    modalityOptions: { ...withoutScale, saturation: 0.5, solarize: [0, 0.2, 0] },
    options: {
      ...{ globalScale: [0.4, 1], localScale: [0.15, 0.4], localCrops: 4, localSide: 0.5 },
      ...{ prototypes: 1024, hiddenDim: 256, bottleneckDim: 128, headLayers: 3, centerMomentum: 0.9, momentum: 0.98 },
      ...{ studentTemperature: 0.1, teacherTemperature: 0.04, warmupTeacherTemperature: 0.04, teacherWarmup: 0.1 },
      frozenPrototypes: 0.01,
    },
    training: {
      ...common,
      ...{ gradientClip: 3, epochs: 6, batchSize: 64 },
      ...{ learningRate: 1e-3, ...decay(0.04), warmupEpochs: 0.6 },
    },
  },
};
