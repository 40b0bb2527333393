import * as z from "zod";
import {
  type Array,
  filled,
  float32,
  np,
  type Rng,
  sizeOf,
  type Tensor,
  type Traced,
  type TreeRecord,
  tree,
} from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { sides } from "../../../data/sides.ts";
import { vocabulary } from "../../../data/vocabulary.ts";
import { towers } from "../../../encoders/abilities.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { dropout } from "../../../layers/functions/dropout.ts";
import type { ParamsOf } from "../../../layers/layer.ts";
import { linear } from "../../../layers/linear.ts";
import { layerNorm } from "../../../layers/norms/layer-norm.ts";
import { causalBias } from "../../../layers/transformer/attention-bias.ts";
import { decoderBlock } from "../../../layers/transformer/transformer.ts";
import { method } from "../../../methods/method.ts";
import { gridMap } from "../../../methods/parts/feature-map.ts";
import { smallTraining } from "../../../methods/parts/presets.ts";
import { accuracy, crossEntropy } from "../../../objectives/supervised/cross-entropy.ts";
import { branchAt } from "../branch.ts";
import { inReverse } from "./in-reverse.ts";
import { viewOfPair, viewsOption } from "./views.ts";

/** Width of an attention head, as in the paper. */
const HEAD = 64;
const EPSILON = 1e-8;
/**
 * Channels of the paper's ResNet-50, and the width of its widest decoder, at which weights of deviation 0.02 keep the size of what they
 * pass on. Narrower layers begin with larger weights, or the image would hardly be heard through the four layers to the words.
 */
const PAPER_WIDTH = 2048;

/**
 * VirTex: write the caption of an image, forwards and backwards, token by token. Desai & Johnson 2020,
 * https://arxiv.org/abs/2006.06666. Two Transformer decoders, one for each direction, attend to the places of the image
 * encoder's last layer; they share the token embeddings, to which the output layer is tied. The loss is the sum of both.
 *
 * It needs an image encoder only: `resnet` or `vit`, or the image's tower of an encoder of pairs. Differs from the paper:
 * AdamW with one learning rate instead of SGD with LookAhead and two; layers of less than 2,048 inputs begin with larger weights than
 * 0.02, √2 times at the default width; images are not flipped, so that left and right need no exchange; of several captions one is
 * drawn at every step.
 */
export const virtex = method({
  name: "virtex",
  family: "generative",
  paper: "https://arxiv.org/abs/2006.06666",
  summary: "write an image's caption, forwards and backwards",
  needs: [sides, vocabulary],
  options: z.object({
    decoderWidth: bounds.width().default(1024).describe(`width of the decoders; a head for every ${HEAD}`),
    decoderDepth: bounds.depth().default(1).describe("blocks of each decoder"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("share of the decoders' activations dropped in training"),
    views: viewsOption,
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 1e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "a ResNet-10 of width 24 and decoders of width 128; AdamW, batches of 128",
      options: { decoderWidth: 128 },
      encoder: "resnet",
      encoderOptions: { layers: "10", width: 24, stem: "stride2" },
      training: smallTraining,
    },
  },
  defaultEncoder: "resnet",

  build({ encoder, modality, options }) {
    const { vocabulary } = modality;
    const { size, length } = vocabulary;
    const { decoderWidth: width, decoderDepth: depth, dropout: rate } = options;
    const heads = Math.max(1, Math.round(width / HEAD));
    if (width % heads !== 0)
      throw new UserError(
        `a decoder of width ${width} cannot be split into ${heads} heads; choose a multiple of ${HEAD}`,
      );
    // An encoder of pairs must not show the caption to its writer.
    const tower = offerOf(encoder, towers)?.image ?? { encoder, path: "" };
    const { channels, extents, apply: mapped } = gridMap(tower.encoder, "virtex");

    const projection = linear(channels, width);
    const norm = layerNorm(width, EPSILON);
    const blocks = globalThis.Array.from({ length: depth }, () =>
      decoderBlock({ width, heads, mlpRatio: 4, norm: "post", dropout: rate }),
    );
    const blocksOf = (rng: Rng) =>
      blocks.map((block, index) => enlarged(block.init(rng.split("block", index)), Math.sqrt(PAPER_WIDTH / width)));
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      projection: enlarged(projection.init(rng.split("projection")), Math.sqrt(PAPER_WIDTH / channels)),
      words: rng.split("words").truncatedNormal([size, width], 0.02),
      positions: rng.split("positions").truncatedNormal([length, width], 0.02),
      embeddingNorm: norm.init(),
      forward: blocksOf(rng.split("forward")),
      backward: blocksOf(rng.split("backward")),
      bias: filled([size], 0),
    });
    type VirtexParams = Traced<ParamsOf<{ init: typeof init }>>;

    /** The places of the image, `[batch, places, channels]`. */
    const places = (params: VirtexParams, inputs: Inputs): Array => {
      const map = mapped(branchAt(params.encoder, tower.path), inputs);
      return np.transpose(np.reshape(map, [-1, channels, sizeOf(extents)]), [0, 2, 1]);
    };
    /** Logits of the next token after each of `ids`, `[batch, length, vocabulary]`. */
    const write = (params: VirtexParams, direction: "forward" | "backward", ids: Array, image: Array): Array => {
      const memory = projection.apply(params.projection, image);
      const placed = np.add(np.take(params.words, ids, 0), params.positions);
      const start = dropout(norm.apply(params.embeddingNorm, placed), rate);
      const bias = causalBias(length);
      const last = blocks.reduce(
        (x, block, index) => block.apply(params[direction][index]!, x, memory, { bias }),
        start,
      );
      return np.add(np.matmul(last, np.transpose(params.words)), params.bias);
    };

    return {
      views(sample, rng) {
        const pair = viewOfPair(modality, sample, rng, options);
        return { pair, reversed: inReverse(pair.ids!, pair.mask!) };
      },
      init: (rng) => init(rng),
      loss(params, { pair, reversed }) {
        const { ids, mask } = pair;
        if (!ids || !mask) throw new Error("virtex: no ids and mask of a caption");
        const image = places(params, pair);
        const next = (of: Array) => np.reshape(np.split(of, [1], 1)[1]!, [-1]);
        const weights = np.where(np.equal(next(mask), 0), 0, 1);
        const [forward, backward] = (["forward", "backward"] as const).map((direction) => {
          const caption = direction === "forward" ? ids : reversed;
          const [before] = np.split(write(params, direction, caption, image), [length - 1], 1);
          const logits = np.reshape(before!, [-1, size]);
          return {
            loss: crossEntropy(logits, next(caption), { weights }),
            accuracy: accuracy(logits, next(caption), { weights }),
          };
        });
        return {
          loss: np.add(forward!.loss, backward!.loss),
          metrics: {
            accuracy: forward!.accuracy,
            backward: backward!.accuracy,
            perplexity: np.exp(forward!.loss),
          },
        };
      },
      writer: {
        about: "image",
        encoder: tower,
        decoder: { width, depth, heads },
        memory: [sizeOf(extents), channels],
        read: places,
        next: (params, ids, memory) => write(params, "forward", ids, memory),
      },
    };
  },
});

/** The weights of layers times a factor. */
const enlarged = <Host extends TreeRecord<Tensor>>(params: Host, factor: number): Host =>
  tree.map<Tensor, Tensor>(params, (leaf, path) =>
    path.endsWith("weight")
      ? float32(
          Float32Array.from(leaf.data, (value) => factor * value),
          leaf.shape,
        )
      : leaf,
  ) as Host;
