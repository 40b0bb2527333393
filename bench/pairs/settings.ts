/** How the rows of bench/pairs/emoji.ts are trained: what did best on the validation things. */
import type { Choices } from "../methods/shared.ts";

/**
 * Captions of a picture to learn from, and the share of its keywords that each has at least. One, everything that is said of it,
 * did best on the validation things: recall@10 50.0, and 45.3 with eleven others of some of the keywords.
 */
export const CAPTIONS = { count: 1, least: 1 } as const;

/** Most epochs of methods on pairs, however many minutes there are: 60 remembered the 1,309 things, and found no more new ones among ten. */
export const MOST_EPOCHS = 12;

/** Emoji are turned and shifted little, and their colours are named. */
const pictures = { imageSize: 32, jitter: 0.15, greyscale: 0, cropScale: [0.4, 1] as [number, number], blur: 0 };

const pairs = {
  ...{ modality: "pair", encoder: "towers", preset: "small" },
  encoderOptions: { textDepth: 1 },
  modalityOptions: { ...pictures, maxLength: 32 },
  training: { ema: 0.99, weightDecay: 1 },
} as const;

/** What methods on pairs are trained with. */
export const settings: Readonly<Record<string, Omit<Choices, "data">>> = {
  clip: { ...pairs, method: "clip", options: { views: "strong", temperature: 0.1 } },
  siglip: { ...pairs, method: "siglip", options: { views: "strong" } },
  // LiT: the image encoder is that of a run of SimCLR on the same pictures, and is not trained.
  lit: {
    ...pairs,
    method: "clip",
    options: { views: "strong", temperature: 0.1 },
    training: { ...pairs.training, freeze: ["image"] },
  },
};

/** SimCLR on the pictures alone, with the encoder that CLIP's preset has. */
export const simclr: Omit<Choices, "data"> = {
  ...{ modality: "image", method: "simclr", preset: "small", encoder: "resnet" },
  encoderOptions: { layers: "10", width: 24, stem: "stride2" },
  modalityOptions: { ...pictures, flip: 0 },
  training: { ema: 0.99 },
};
