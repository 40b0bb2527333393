import { z } from "zod";
import { constant, int32, nn, np } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { layerNorm } from "../layers/layer-norm.ts";
import { linear } from "../layers/linear.ts";
import { sinCosPositions } from "../layers/positions.ts";
import { transformerBlock } from "../layers/transformer.ts";
import { maskedReconstruction, normalizePatches } from "../objectives/masked-reconstruction.ts";
import { method } from "./method.ts";

/**
 * Masked autoencoder: the encoder sees a quarter of the patches, a small decoder rebuilds the others.
 * He et al. 2021, https://arxiv.org/abs/2111.06377. Differs from the paper: the decoder's default size follows the
 * encoder's (the paper's is 512 wide and 8 deep for ViT-L), the class token is there only if the encoder pools by it, and
 * the base learning rate is ten times the paper's 1.5e-4.
 */
export const mae = method({
  name: "mae",
  family: "masked",
  paper: "https://arxiv.org/abs/2111.06377",
  summary: "rebuild the three quarters of an image's patches that were hidden",
  needs: ["perturb", "patches"],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.75).describe("share of the patches that is hidden"),
    decoderWidth: z.int().positive().optional().describe("width of the decoder; 2/3 of the encoder's by default"),
    decoderDepth: z.int().positive().default(2).describe("blocks of the decoder"),
    decoderHeads: z.int().positive().default(4).describe("attention heads of the decoder"),
    normalizeTarget: z.boolean().default(true).describe("rebuild each patch relative to its own mean and deviation"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1.5e-3, weightDecay: 0.05, beta2: 0.95, batchSize: 256 },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { grid, count, patchDim, width, prefix, patchify, encode } = encoder.patches;
    const [rows, columns] = grid;
    if (!rows || !columns) throw new Error("mae: the encoder's tokens do not form a grid");
    const heads = options.decoderHeads;
    const decoderWidth = options.decoderWidth ?? Math.max(1, Math.round(width / (6 * heads))) * 4 * heads;
    if (decoderWidth % heads !== 0 || decoderWidth % 4 !== 0)
      throw new UserError(
        `mae: a decoder width of ${decoderWidth} is not a multiple of 4 and of its ${heads} heads; try ${Math.ceil(decoderWidth / (4 * heads)) * 4 * heads}`,
      );
    if (count < 2) throw new UserError("mae: images of a single patch leave nothing to hide; use a smaller patch size");
    const kept = Math.min(count - 1, Math.max(1, Math.round(count * (1 - options.maskRatio))));
    const project = linear(width, decoderWidth);
    const blocks = globalThis.Array.from({ length: options.decoderDepth }, () =>
      transformerBlock({ width: decoderWidth, heads, mlpRatio: 4 }),
    );
    const norm = layerNorm(decoderWidth);
    const predict = linear(decoderWidth, patchDim);
    return {
      views: (sample, rng) => ({
        image: modality.tensors(modality.perturb(sample, rng)),
        keep: int32(rng.permutation(count).slice(0, kept), [kept]),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        project: project.init(rng.split("project")),
        maskToken: rng.split("maskToken").truncatedNormal([1, decoderWidth], 0.02),
        blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
        norm: norm.init(),
        predict: predict.init(rng.split("predict")),
      }),
      loss(params, { image, keep }) {
        const visible = project.apply(params.project, encode(params.encoder, image, { keep }));
        const latent = prefix ? np.split(visible, [prefix], 1)[1]! : visible;
        // Put every visible token back in its place, and the mask token in all the others.
        const place = nn.oneHot(keep, count);
        const mask = np.subtract(1, np.sum(place, 1));
        const restored = np.matmul(np.transpose(place, [0, 2, 1]), latent);
        const filled = np.add(restored, np.multiply(np.reshape(mask, [-1, count, 1]), params.maskToken));
        const placed = np.add(filled, constant(sinCosPositions(rows, columns, decoderWidth)));
        const decoded = blocks.reduce((x, block, index) => block.apply(params.blocks[index]!, x), placed);
        const prediction = predict.apply(params.predict, norm.apply(params.norm, decoded));
        const patches = patchify(image);
        const target = options.normalizeTarget ? normalizePatches(patches) : patches;
        return { loss: maskedReconstruction(prediction, target, mask) };
      },
    };
  },
});
