import * as z from "zod";
import { type Array, int32, type Rng, sizeOf, type Traced } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Inputs } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { maskedL1 } from "../objectives/restoration/masked-l1.ts";
import { method } from "./method.ts";
import { randomCells } from "./parts/masks.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";
import { markedAt, ofPatches } from "./parts/tokens.ts";

/**
 * SimMIM: squares of an image are replaced by a mask token, and a linear layer predicts their pixels.
 * Xie et al. 2021, https://arxiv.org/abs/2111.09886; the recipe is that of ViT-B in
 * https://github.com/microsoft/SimMIM. Differs from the paper: no shared relative position bias in the encoder; the
 * learning rate has cosine decay where ViT-B's is lowered once; gradients are clipped only by `--gradient-clip` (5 in the
 * paper), and no drop-path by default (0.1 in the paper).
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
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 5e-5, weightDecay: 0.05, batchSize: 2048 },
  modalityOptions: { cropScale: [0.67, 1] },
  presets: {
    small: {
      summary: "batches of 128",
      ...smallMasked,
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options: { maskRatio, maskSize } }) {
    const { patches: tokens } = encoder;
    const { grid } = tokens;
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
        const hidden = randomCells(rng, grid, maskSize, maskRatio);
        return { image: modality.tensors(modality.perturb(sample, rng)), hidden: int32(hidden, [hidden.length]) };
      },
      init: (rng) => init(rng),
      loss(params, { image, hidden }) {
        const { prediction, mask } = reconstruct(params, image, hidden);
        return { loss: maskedL1(prediction, tokens.patchify(image), mask) };
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
