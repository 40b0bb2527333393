import * as z from "zod";
import { type Array, constant, float32, int32, nn, np, type Rng, type Traced } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patches } from "../../../encoders/abilities.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import { linear } from "../../../layers/linear.ts";
import { mlp } from "../../../layers/mlp.ts";
import { method } from "../../../methods/method.ts";
import { assemble, concatenateInputs } from "../../../methods/parts/views.ts";
import { accuracy, crossEntropy } from "../../../objectives/cross-entropy.ts";
import { tiles } from "../abilities.ts";
import { pixelShape } from "../feature-map.ts";
import { patchSide } from "../patch-side.ts";
import { distantPermutations } from "./permutations.ts";

/** Each tile with the mean of each of its channels taken away and over its deviation, `[tiles, channels, side, side]`. */
function normalizeTiles(pixels: Array): Array {
  const centred = np.subtract(pixels, np.mean(pixels, [2, 3], { keepdims: true }));
  const variance = np.mean(np.square(centred), [2, 3], { keepdims: true });
  return np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, 1e-5))));
}

/**
 * Jigsaw puzzles: tiles of a picture in a random order; which of the known orders is it?
 * Noroozi & Favaro 2016, https://arxiv.org/abs/1603.09246. Every tile passes the same encoder by itself (the
 * context-free network); only then are the tiles seen together. Against shortcuts: tiles at random places in their cells
 * (64 of 75 pixels at an image size of 225), normalised one by one, 30 % grey, colour channels shifted by up to 2 pixels.
 *
 * Differs from the paper: any encoder, its vector (`apply`) in place of AlexNet's conv5; BatchNorm in the head in place of
 * dropout; crops and flips as the modality sets them.
 */
export const jigsaw = method({
  name: "jigsaw",
  family: "predictive",
  paper: "https://arxiv.org/abs/1603.09246",
  summary: "tell in which order the tiles of a picture were shuffled",
  needs: [tiles],
  options: z.object({
    grid: z.int().min(2).max(3).default(3).describe("tiles along each side of the picture"),
    permutations: z.int().min(2).default(1000).describe("how many orders there are to tell apart"),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(64 / 75)
      .describe("side of a tile over its cell's; the rest is the gap"),
    greyscale: z.number().min(0).max(1).default(0.3).describe("probability that the tiles lose their colours"),
    channelShift: z.int().nonnegative().default(2).describe("pixels by which colour channels are shifted at most"),
    tileDim: z.int().positive().default(512).describe("width that each tile is brought to by itself"),
    hiddenDim: z.int().positive().default(4096).describe("width of the layer that sees all tiles"),
  }),
  recipe: { optimizer: "sgd", baseLearningRate: 0.01, weightDecay: 5e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "2 × 2 tiles, of images of 32 pixels 14 wide; batches of 64",
      options: { grid: 2, permutations: 24, share: 14 / 16, channelShift: 0, tileDim: 64, hiddenDim: 256 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { optimizer: "sgd", batchSize: 64, learningRate: 0.05 },
    },
  },

  build({ encoder, modality, options }) {
    const { grid, permutations: count, share, greyscale, channelShift, tileDim, hiddenDim } = options;
    const places = grid * grid;
    const permutations = distantPermutations(places, count);
    const multipleOf = patchSide(pixelShape(modality.specs, "jigsaw")[1], offerOf(encoder, patches)?.grid);
    const tile = linear(encoder.embedDim, tileDim);
    const head = mlp([places * tileDim, hiddenDim, count]);

    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      tile: tile.init(rng.split("tile")),
      head: head.init(rng.split("head")),
    });
    /** `[batch, permutations]`. */
    const guess = (params: Traced<ReturnType<typeof init>>, tiles: readonly Inputs[]): Array => {
      const pixels = normalizeTiles(concatenateInputs(tiles).pixels!);
      const each = nn.relu(tile.apply(params.tile, encoder.apply(params.encoder, { pixels })));
      return head.apply(params.head, np.concatenate(np.split(each, places, 0), 1));
    };

    return {
      views(sample, rng) {
        const own = { rows: grid, columns: grid, share, multipleOf, greyscale, channelShift };
        const tiles = modality.tiles(sample, rng, own).map((view) => modality.tensors(view));
        const answer = rng.integer(0, count - 1);
        return { tiles: permutations[answer]!.map((from) => tiles[from]!), answer: int32([answer], []) };
      },
      init: (rng) => init(rng),
      loss(params, { tiles, answer }) {
        const logits = guess(params, tiles);
        return { loss: crossEntropy(logits, answer), metrics: { accuracy: accuracy(logits, answer) } };
      },
      look(params, { tiles }) {
        const shown = tiles.map((view) => view.pixels!);
        // Undo the likeliest order: the tile at each place goes where it is said to come from.
        const logits = guess(params, tiles);
        const likeliest = np.where(np.greaterEqual(logits, np.max(logits, -1, { keepdims: true })), 1, 0);
        const back = permutations.flatMap((order) =>
          order.flatMap((_, to) => order.map((from) => Number(from === to))),
        );
        const moves = np.matmul(likeliest, constant(float32(back, [count, places * places])));
        const [batch, ...shape] = shown[0]!.shape as [number, ...number[]];
        const stacked = np.stack(
          shown.map((pixels) => np.reshape(pixels, [batch, -1])),
          1,
        );
        const solved = np.split(np.matmul(np.reshape(moves, [batch, places, places]), stacked), places, 1);
        return {
          shuffled: assemble(shown, grid),
          solved: assemble(
            solved.map((pixels) => np.reshape(pixels, [batch, ...shape])),
            grid,
          ),
        };
      },
    };
  },
});
