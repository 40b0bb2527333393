import * as z from "zod";
import { constant, int32, np } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patches } from "../../../encoders/abilities.ts";
import { mlp } from "../../../layers/mlp.ts";
import { method } from "../../../methods/method.ts";
import { assemble, concatenateInputs } from "../../../methods/parts/views.ts";
import { accuracy, crossEntropy } from "../../../objectives/cross-entropy.ts";
import { tiles } from "../abilities.ts";
import { pixelShape } from "../feature-map.ts";
import { patchSide } from "../patch-side.ts";

/** Where a neighbour lies, `[rows down, columns right]`: the eight answers, in this order. */
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

/** All pairs of adjacent tiles of a `grid × grid` square, `[first, second, answer]`, tiles counted row by row. */
export const pairsOf = (grid: number): (readonly [first: number, second: number, answer: number])[] =>
  globalThis.Array.from({ length: grid * grid }, (_, first) => {
    const [row, column] = [Math.floor(first / grid), first % grid];
    const inside = (at: number) => at >= 0 && at < grid;
    return NEIGHBOURS.flatMap(([down, right], answer) =>
      inside(row + down) && inside(column + right) ? [[first, first + down * grid + right, answer] as const] : [],
    );
  }).flat();

/**
 * Relative position: two neighbouring tiles of a picture; in which of eight directions does the second lie?
 * Doersch et al. 2015, https://arxiv.org/abs/1505.05192. Each tile passes the same encoder by itself; a head sees the two
 * vectors (`apply`). Against shortcuts: a gap of half a tile, jitter of up to 7/144 of a cell, two of three channels
 * dropped, some tiles shrunk to as few as 100 pixels. All pairs of adjacent tiles of a grid are asked, so that a tile
 * serves in up to eight, as in the paper's own batches; chance is 3/20, and 1/6 on a 2 × 2 grid, since fewer pairs are diagonal.
 *
 * Differs from the paper: any encoder; the grid is a 3 × 3 cut of a random crop (its tiles of 96 pixels, 48 apart, are
 * those at an image size of 432); a third of the tiles is pixelated, which the paper does not quantify.
 */
export const relativePosition = method({
  name: "relative-position",
  family: "predictive",
  paper: "https://arxiv.org/abs/1505.05192",
  summary: "tell in which direction one tile of a picture lies from another",
  needs: [tiles],
  options: z.object({
    grid: z.int().min(2).max(8).default(3).describe("tiles along each side of the picture"),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(2 / 3)
      .describe("side of a tile over its cell's; the rest is the gap"),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .default(7 / 144)
      .describe("shift of a tile at most, over its cell's side"),
    dropColours: z.number().min(0).max(1).default(1).describe("probability that a tile keeps one channel only"),
    pixelate: z
      .number()
      .min(0)
      .max(1)
      .default(1 / 3)
      .describe("probability that a tile is shrunk and blown up"),
    hiddenDim: z.int().positive().default(4096).describe("width of the layer that sees both tiles"),
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
        const own = { rows: grid, columns: grid, share, jitter, multipleOf, dropColours, pixelate };
        return { tiles: modality.tiles(sample, rng, own).map((tile) => modality.tensors(tile)) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { tiles }) {
        const features = np.split(encoder.apply(params.encoder, concatenateInputs(tiles)), tiles.length, 0);
        const firsts = np.concatenate(pairs.map(([first]) => features[first]!));
        const seconds = np.concatenate(pairs.map(([, second]) => features[second]!));
        const logits = head.apply(params.head, np.concatenate([firsts, seconds], 1));
        const samples = logits.shape[0]! / pairs.length;
        const answers = pairs.flatMap(([, , answer]) => globalThis.Array<number>(samples).fill(answer));
        const labels = constant(int32(answers, [answers.length]));
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
