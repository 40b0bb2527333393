import * as z from "zod";
import { float32, np, type Rng } from "../../../array/index.ts";
import { perturb } from "../../../data/views.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { decoder } from "../../../layers/decoder.ts";
import { method } from "../../../methods/method.ts";
import { squaredError } from "../../../objectives/restoration/pixels.ts";
import { featureMap, pixelShape } from "../feature-map.ts";

/** Weight of the reconstruction along the border of the hole ("overlapL2Weight" in the authors' code). */
const OVERLAP_WEIGHT = 10;

/**
 * Context encoder: predict a region that was cut out of an image from its surroundings.
 * Pathak et al. 2016, https://arxiv.org/abs/1604.07379. Uses the encoder's feature map (`hidden`). `centre` cuts out the
 * central square; a ring of it stays visible and weighs ten times as much, as in the released code. `blocks` cuts out
 * random squares, which may overlap, until a quarter of the image is gone.
 *
 * Differs from the paper: the squared error alone, without the adversarial loss, which in the paper sharpens the output
 * (its features for classification also come from the squared error alone); the decoder predicts the whole image, of which
 * only the hole counts; any encoder, and no channel-wise fully connected layer before the decoder.
 */
export const contextEncoder = method({
  name: "context-encoder",
  family: "restoration",
  paper: "https://arxiv.org/abs/1604.07379",
  summary: "predict what was cut out of an image",
  needs: [perturb],
  options: z.object({
    region: z.enum(["centre", "blocks"]).default("blocks").describe("what is cut out: the centre, or random squares"),
    coverage: z.number().gt(0).lt(1).default(0.25).describe("share of the image's area that is cut out"),
    blockSize: z.number().gt(0).lt(1).default(0.25).describe("blocks: side of a square, over the image's"),
    overlap: z
      .number()
      .min(0)
      .lt(0.5)
      .default(7 / 128)
      .describe("centre: width of the visible ring, over the image's side"),
    decoderWidth: bounds.width().default(32).describe("channels of the decoder at full resolution"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 8e-4, weightDecay: 0, batchSize: 64 },
  presets: {
    small: {
      summary: "40 % cut out; batches of 64",
      options: { coverage: 0.4, blockSize: 0.3, decoderWidth: 16 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "adamw", batchSize: 64, learningRate: 2e-3 },
    },
  },

  build({ encoder, modality, options: { region, coverage, blockSize, overlap, decoderWidth } }) {
    const shape = pixelShape(modality.specs, "context-encoder");
    const [, height, width] = shape;
    const map = featureMap(encoder, "context-encoder");
    const pixels = decoder(map.shape, shape, decoderWidth);

    /** Sets a rectangle of the plane. */
    const fill = (plane: Float32Array, top: number, left: number, rows: number, columns: number, value: number) => {
      for (let y = top; y < top + rows; y++) plane.fill(value, y * width + left, y * width + left + columns);
    };

    /** Hidden pixels (1), and the weight of each pixel's reconstruction. */
    const cut = (rng: Rng): { hidden: Float32Array; weights: Float32Array } => {
      const hidden = new Float32Array(height * width);
      if (region === "blocks") {
        const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side * blockSize))) as [
          number,
          number,
        ];
        while (hidden.reduce((sum, value) => sum + value, 0) < coverage * hidden.length)
          fill(hidden, rng.integer(0, height - rows), rng.integer(0, width - columns), rows, columns, 1);
        return { hidden, weights: hidden };
      }
      const weights = new Float32Array(height * width);
      const [rows, columns] = [height, width].map((side) => Math.max(1, Math.round(side * Math.sqrt(coverage)))) as [
        number,
        number,
      ];
      const [top, left] = [Math.floor((height - rows) / 2), Math.floor((width - columns) / 2)];
      const ring = Math.min(
        Math.round(overlap * Math.min(height, width)),
        Math.floor((Math.min(rows, columns) - 1) / 2),
      );
      fill(weights, top, left, rows, columns, OVERLAP_WEIGHT);
      fill(weights, top + ring, left + ring, rows - 2 * ring, columns - 2 * ring, 1);
      fill(hidden, top + ring, left + ring, rows - 2 * ring, columns - 2 * ring, 1);
      return { hidden, weights };
    };

    return {
      views(sample, rng) {
        const { hidden, weights } = cut(rng);
        return {
          image: modality.tensors(modality.perturb(sample, rng)).pixels!,
          hidden: float32(hidden, [1, height, width]),
          weights: float32(weights, [1, height, width]),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        decoder: pixels.init(rng.split("decoder")),
      }),
      loss(params, { image, hidden, weights }) {
        // The hole is filled with the mean colour, 0 in normalised pixels.
        const context = np.multiply(image, np.subtract(1, hidden));
        const restored = pixels.apply(params.decoder, map.apply(params.encoder, { pixels: context }));
        return { loss: squaredError(restored, image, { weights }) };
      },
      look(params, { image, hidden }) {
        const corrupted = np.multiply(image, np.subtract(1, hidden));
        const painted = pixels.apply(params.decoder, map.apply(params.encoder, { pixels: corrupted }));
        return { original: image, corrupted, restored: np.add(corrupted, np.multiply(painted, hidden)) };
      },
    };
  },
});
