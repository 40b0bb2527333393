import * as z from "zod";
import { constant, int32, np } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patchSide } from "../../../data/patch-side.ts";
import { patches } from "../../../encoders/abilities.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { mlp } from "../../../layers/heads/mlp.ts";
import { method } from "../../../methods/method.ts";
import { assemble, concatenateInputs } from "../../../methods/parts/views.ts";
import { accuracy, crossEntropy } from "../../../objectives/supervised/cross-entropy.ts";
import { tiles } from "../abilities.ts";
import { pixelShape } from "../feature-map.ts";

/** Directions of a neighbour, `[rows down, columns right]`: the eight classes, in this order. */
export const NEIGHBOURS = [
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 0],
  [1, 1],
] as const;

/** All pairs of adjacent tiles of a `grid × grid` square, `[first, second, direction]`, tiles numbered row by row. */
export const pairsOf = (grid: number): (readonly [first: number, second: number, direction: number])[] =>
  globalThis.Array.from({ length: grid * grid }, (_, first) => {
    const [row, column] = [Math.floor(first / grid), first % grid];
    const inside = (at: number) => at >= 0 && at < grid;
    return NEIGHBOURS.flatMap(([down, right], direction) =>
      inside(row + down) && inside(column + right) ? [[first, first + down * grid + right, direction] as const] : [],
    );
  }).flat();

/**
 * Relative position: predict in which of eight directions one of two neighbouring tiles of an image lies from the other.
 * Doersch et al. 2015, https://arxiv.org/abs/1505.05192. Each tile is encoded separately; a head sees the two
 * representations. Against shortcuts: a gap of half a tile, jitter of up to 7/144 of a cell, two of three channels dropped,
 * some tiles shrunk to as few as 100 pixels. All pairs of adjacent tiles of a grid are used, so that a tile is in up to
 * eight, as in the paper's batches; chance level is 3/20, and 1/6 on a 2 × 2 grid, since fewer pairs are diagonal.
 *
 * Differs from the paper: any encoder; the grid is 3 × 3 tiles of a random crop (the paper's tiles of 96 pixels, 48 apart,
 * correspond to an image size of 432); a third of the tiles are pixelated, which the paper does not quantify.
 */
export const relativePosition = method({
  name: "relative-position",
  family: "predictive",
  paper: "https://arxiv.org/abs/1505.05192",
  summary: "predict in which direction one tile of an image lies from another",
  needs: [tiles],
  options: z.object({
    grid: z.int().min(2).max(8).default(3).describe("tiles along each side of the image"),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(2 / 3)
      .describe("side of a tile, over its cell's; the rest is the gap"),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .default(7 / 144)
      .describe("largest shift of a tile, over its cell's side"),
    dropColours: z.number().min(0).max(1).default(1).describe("probability that a tile keeps only one channel"),
    pixelate: z
      .number()
      .min(0)
      .max(1)
      .default(1 / 3)
      .describe("probability that a tile is shrunk and enlarged again"),
    hiddenDim: bounds.width().default(4096).describe("width of the layer that sees both tiles"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.03, weightDecay: 5e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "2 × 2 tiles, of images of 32 pixels 14 wide; batches of 64",
      options: { grid: 2, share: 14 / 16, jitter: 1, dropColours: 0, pixelate: 0, hiddenDim: 256 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "sgd", batchSize: 64, learningRate: 0.05 },
    },
  },

  build({ encoder, modality, options: { grid, share, jitter, dropColours, pixelate, hiddenDim } }) {
    const pairs = pairsOf(grid);
    const multipleOf = patchSide(pixelShape(modality.specs, "relative-position")[1], offerOf(encoder, patches)?.grid);
    const head = mlp([2 * encoder.embedDim, hiddenDim, NEIGHBOURS.length]);
    return {
      views(sample, rng) {
        const options = { rows: grid, columns: grid, share, jitter, multipleOf, dropColours, pixelate };
        return { tiles: modality.tiles(sample, rng, options).map((tile) => modality.tensors(tile)) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { tiles }) {
        const features = np.split(encoder.apply(params.encoder, concatenateInputs(tiles)), tiles.length, 0);
        const firsts = np.concatenate(pairs.map(([first]) => features[first]!));
        const seconds = np.concatenate(pairs.map(([, second]) => features[second]!));
        const logits = head.apply(params.head, np.concatenate([firsts, seconds], 1));
        const samples = logits.shape[0]! / pairs.length;
        const directions = pairs.flatMap(([, , direction]) => globalThis.Array<number>(samples).fill(direction));
        const labels = constant(int32(directions, [directions.length]));
        return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
      },
      look: (_, { tiles }) => ({
        tiles: assemble(
          tiles.map((tile) => tile.pixels!),
          grid,
        ),
      }),
    };
  },
});
