import { smallTraining } from "../../../methods/parts/presets.ts";

/** For thousands of small images with short captions. */
export const smallPairs = {
  summary: "a ResNet-10 of width 24 and a Transformer of two blocks; AdamW, batches of 128",
  encoder: "towers",
  encoderOptions: {
    image: "resnet",
    imageLayers: "10",
    imageWidth: 24,
    imageOptions: { stem: "stride2" },
    textWidth: 128,
    textDepth: 2,
    textHeads: 2,
    dim: 128,
  },
  training: smallTraining,
} as const;
