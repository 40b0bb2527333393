import * as z from "zod";
import { type Array, constant, float32, int32, nn, np, type Rng, type Traced } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patchSide } from "../../../data/patch-side.ts";
import { patches } from "../../../encoders/abilities.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { mlp } from "../../../layers/heads/mlp.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { smallSchedule } from "../../../methods/parts/presets.ts";
import { assemble, concatenateInputs } from "../../../methods/parts/views.ts";
import { accuracy, crossEntropy } from "../../../objectives/supervised/cross-entropy.ts";
import { tiles } from "../abilities.ts";
import { pixelShape } from "../feature-map.ts";
import { distantPermutations } from "./permutations.ts";

/** Each tile normalised by the mean and deviation of each of its channels, `[tiles, channels, side, side]`. */
function normalizeTiles(pixels: Array): Array {
  const centred = np.subtract(pixels, np.mean(pixels, [2, 3], { keepdims: true }));
  const variance = np.mean(np.square(centred), [2, 3], { keepdims: true });
  return np.multiply(centred, np.reciprocal(np.sqrt(np.add(variance, 1e-5))));
}

/**
 * Jigsaw puzzles: predict by which of a fixed set of permutations an image's tiles were shuffled.
 * Noroozi & Favaro 2016, https://arxiv.org/abs/1603.09246. Every tile is encoded separately (the context-free network); a
 * head then sees all of them. Against shortcuts: tiles at random places in their cells (64 of 75 pixels at an image size of
 * 225), normalised one by one, 30 % grey, colour channels shifted by up to 2 pixels.
 *
 * Differs from the paper: any encoder, its representation (`apply`) instead of AlexNet's conv5; BatchNorm in the head
 * instead of dropout; crops and flips as the modality sets them. The recipe is the solver of
 * https://github.com/MehdiNoroozi/JigsawPuzzleSolver: a tenth after every 100,000 of 350,000 iterations.
 */
export const jigsaw = method({
  name: "jigsaw",
  family: "predictive",
  paper: "https://arxiv.org/abs/1603.09246",
  summary: "predict the permutation by which an image's tiles were shuffled",
  needs: [tiles],
  options: z.object({
    grid: z.int().min(2).max(3).default(3).describe("tiles along each side of the image"),
    permutations: z.int().min(2).max(10_000).default(1000).describe("number of permutations to distinguish"),
    share: z
      .number()
      .gt(0)
      .max(1)
      .default(64 / 75)
      .describe("side of a tile, over its cell's; the rest is the gap"),
    greyscale: z.number().min(0).max(1).default(0.3).describe("probability that the tiles are turned grey"),
    channelShift: z.int().nonnegative().max(1_000).default(2).describe("largest shift of a colour channel, in pixels"),
    tileDim: bounds.width().default(512).describe("width of a tile's embedding"),
    hiddenDim: bounds.width().default(4096).describe("width of the layer that sees all tiles"),
  }),
  recipe: {
    optimizer: "sgd",
    baseLearningRate: 0.01,
    weightDecay: 5e-4,
    batchSize: 256,
    warmup: 0,
    schedule: "step",
    milestones: [100 / 350, 200 / 350, 300 / 350],
  },
  presets: {
    small: {
      summary: "2 × 2 tiles, of images of 32 pixels 14 wide; batches of 64",
      options: { grid: 2, permutations: 24, share: 14 / 16, channelShift: 0, tileDim: 64, hiddenDim: 256 },
      modalityOptions: { cropScale: [0.5, 1] },
      training: { ...smallSchedule, optimizer: "sgd", batchSize: 64, learningRate: 0.05 },
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
    const predict = (params: Traced<ReturnType<typeof init>>, tiles: readonly Inputs[]): Array => {
      const pixels = normalizeTiles(concatenateInputs(tiles).pixels!);
      const each = nn.relu(tile.apply(params.tile, encoder.apply(params.encoder, { pixels })));
      return head.apply(params.head, np.concatenate(np.split(each, places, 0), 1));
    };

    return {
      views(sample, rng) {
        const options = { rows: grid, columns: grid, share, multipleOf, greyscale, channelShift };
        const tiles = modality.tiles(sample, rng, options).map((view) => modality.tensors(view));
        const chosen = rng.integer(0, count - 1);
        return { tiles: permutations[chosen]!.map((from) => tiles[from]!), permutation: int32([chosen], []) };
      },
      init: (rng) => init(rng),
      loss(params, { tiles, permutation }) {
        const logits = predict(params, tiles);
        return { loss: crossEntropy(logits, permutation), metrics: { accuracy: accuracy(logits, permutation) } };
      },
      look(params, { tiles }) {
        const shown = tiles.map((view) => view.pixels!);
        // Undo the predicted permutation: each tile goes back to where it came from.
        const logits = predict(params, tiles);
        const predicted = np.where(np.greaterEqual(logits, np.max(logits, -1, { keepdims: true })), 1, 0);
        const back = permutations.flatMap((order) =>
          order.flatMap((_, to) => order.map((from) => Number(from === to))),
        );
        const moves = np.matmul(predicted, constant(float32(back, [count, places * places])));
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
