import * as z from "zod";
import { type Array, int32, type Rng, sizeOf, type Traced } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Inputs } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { maskedL1 } from "../objectives/restoration/masked-l1.ts";
import { maskedReconstruction } from "../objectives/restoration/masked-reconstruction.ts";
import { method } from "./method.ts";
import { randomCells, randomInSlices, shareOf } from "./parts/masks.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked, smallSchedule } from "./parts/presets.ts";
import { markedAt, ofPatches } from "./parts/tokens.ts";

/** Windows as they are: what is stretched has another course of the day. */
const maskedPatches = {
  lightViews: true,
  encoder: "patchtst",
  options: { maskRatio: 0.4, maskSize: 1, masks: "slices", error: "squared" },
  modalityOptions: { cropScale: [1, 1], jitter: 0, scale: 0, magnitudeWarp: 0, timeWarp: 0 },
  training: { ...smallSchedule, batchSize: 64, learningRate: 1e-4, weightDecay: 0, gradientClip: 0 },
};

/**
 * SimMIM: squares of an image are replaced by a mask token, and a linear layer predicts their pixels.
 * Xie et al. 2021, https://arxiv.org/abs/2111.09886; the recipe is that of ViT-B in
 * https://github.com/microsoft/SimMIM. Differs from the paper: no shared relative position bias in the encoder.
 *
 * The preset `patchtst` is the self-supervised part of PatchTST, Nie et al. 2022, https://arxiv.org/abs/2211.14730: of every
 * channel 40 % of the patches, others in each, and the mean squared error of their normalised values. Differs from the
 * paper: masked patches are a learned token, not zeros, which would be a patch that there may be; no dropout before the
 * linear layer.
 */
export const simmim = method({
  name: "simmim",
  family: "masked",
  paper: "https://arxiv.org/abs/2111.09886",
  summary: "predict the pixels of masked squares with one linear layer",
  needs: [perturb, patches],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.6).describe("share of the squares that are masked"),
    maskSize: bounds.repeats().default(2).describe("side of a square in patches; 2 are the paper's 32 pixels"),
    masks: z
      .enum(["squares", "slices"])
      .default("squares")
      .describe(
        "squares: anywhere; slices: the same share of every slice along the first axis (a channel of PatchTST)",
      ),
    error: z.enum(["absolute", "squared"]).default("absolute").describe("of the values of masked patches"),
  }),
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 5e-5, weightDecay: 0.05, batchSize: 2048 },
    ...{ warmup: 10 / 800, schedule: "step", milestones: [700 / 800], gradientClip: 5 },
  },
  encoderOptions: { dropPath: 0.1 },
  encoderRecipe: { layerScale: 0.1 },
  modalityOptions: { cropScale: [0.67, 1] },
  presets: {
    small: {
      summary: "batches of 128",
      ...smallMasked,
      encoderOptions: { dropPath: 0, layerScale: 0 },
    },
    patchtst: { summary: "PatchTST's: 40 % of every channel's patches, squared error", ...maskedPatches },
    "small-patchtst": {
      summary: "the same with a narrower encoder; batches of 64",
      ...maskedPatches,
      encoderOptions: { width: 64, heads: 4, dropout: 0 },
      training: { ...smallMasked.training, batchSize: 64 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options: { maskRatio, maskSize, masks, error } }) {
    const { patches: tokens } = encoder;
    const { grid } = tokens;
    const objective = error === "squared" ? maskedReconstruction : maskedL1;
    if (masks === "slices") {
      const slice = sizeOf(grid.slice(1));
      if (maskSize !== 1) throw new UserError("simmim: masks of slices are single patches; add --mask-size 1");
      if (grid.length < 2 || slice < 2)
        throw new UserError("simmim: masks of slices need patches along two axes, several in each slice");
    }
    const draw = (rng: Rng): Int32Array =>
      masks === "slices"
        ? randomInSlices(rng, grid, shareOf(sizeOf(grid.slice(1)), maskRatio))
        : randomCells(rng, grid, maskSize, maskRatio);
    if (grid.some((extent) => extent % maskSize !== 0))
      throw new UserError(
        `simmim: squares of ${maskSize} patches a side do not tile ${grid.join(" × ")}; change --mask-size`,
      );
    const cells = sizeOf(grid.map((extent) => extent / maskSize));
    if (Math.ceil(maskRatio * cells) === cells)
      throw new UserError(`simmim: a mask ratio of ${maskRatio} masks all ${cells} squares; lower it or --mask-size`);
    const head = linear(tokens.width, tokens.patchDim);
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      maskToken: rng.split("maskToken").truncatedNormal([1, tokens.width], 0.02),
      head: head.init(rng.split("head")),
    });

    const reconstruct = (params: Traced<ReturnType<typeof init>>, image: Inputs, hidden: Array) => {
      const mask = markedAt(hidden, tokens.count);
      const encoded = tokens.encode(params.encoder, image, { masked: { at: mask, token: params.maskToken } });
      return { prediction: head.apply(params.head, ofPatches(encoded, tokens)), mask };
    };

    return {
      views(sample, rng) {
        const hidden = draw(rng);
        return { image: modality.tensors(modality.perturb(sample, rng)), hidden: int32(hidden, [hidden.length]) };
      },
      init: (rng) => init(rng),
      loss(params, { image, hidden }) {
        const { prediction, mask } = reconstruct(params, image, hidden);
        return { loss: objective(prediction, tokens.patchify(image), mask) };
      },
      look(params, { image, hidden }) {
        const { prediction, mask } = reconstruct(params, image, hidden);
        return {
          masked: withPatches(tokens, image, mask, 0),
          reconstruction: withPatches(tokens, image, mask, prediction),
        };
      },
    };
  },
});
