import * as z from "zod";
import { type Array, constant, np, type Rng, sizeOf, type Traced } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { sides } from "../../../data/sides.ts";
import { sequence, towers } from "../../../encoders/abilities.ts";
import type { Inputs } from "../../../encoders/encoder.ts";
import * as bounds from "../../../foundation/bounds.ts";
import { UserError } from "../../../foundation/errors.ts";
import { tokenHead } from "../../../layers/heads/token-head.ts";
import { linear } from "../../../layers/linear.ts";
import { attentionBias } from "../../../layers/transformer/attention-bias.ts";
import { sinCosPositions } from "../../../layers/transformer/positions.ts";
import { decoderBlock } from "../../../layers/transformer/transformer.ts";
import { method } from "../../../methods/method.ts";
import { gridMap } from "../../../methods/parts/feature-map.ts";
import { smallMasked } from "../../../methods/parts/presets.ts";
import {
  BERT_CORRUPTION,
  maskedTokenLoss,
  maskTokens,
  rowsOfTokens,
  slotsFor,
} from "../../../methods/parts/token-masks.ts";
import { branchAt } from "../branch.ts";
import { drawnPairs } from "./drawn.ts";

/**
 * Image-conditioned masked language modelling: words of a caption are masked and predicted from the other words and from the
 * image, to whose places the words attend. Sariyildiz et al. 2020, https://arxiv.org/abs/2008.01392 (ICMLM with
 * `tfm`). Differs from the paper: the text encoder is trained, too, where theirs is a frozen BERT; any word may be masked, not
 * only nouns, adjectives and verbs, and several of a long caption; no second loss of tags.
 */
export const icmlm = method({
  name: "icmlm",
  family: "masked",
  paper: "https://arxiv.org/abs/2008.01392",
  summary: "predict masked words of a caption from the others and from the image",
  needs: [sides, towers],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of a caption's tokens to predict, at least one"),
    wholeWords: z.boolean().default(false).describe("mask all tokens of a word or none"),
    crossDepth: bounds.depth().default(1).describe("blocks in which words attend to the image"),
    crossHeads: bounds.width().optional().describe("their attention heads; by default the text encoder's"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 5e-4, weightDecay: 0.01, beta2: 0.98, batchSize: 128 },
  presets: {
    small: {
      summary: "a ViT and a Transformer of 2 blocks and width 128, 2 blocks across; batches of 128",
      ...smallMasked,
      options: { crossDepth: 2 },
      encoder: "towers",
      encoderOptions: {
        ...{ image: "vit", imageWidth: 128, imageDepth: 2, imageOptions: { heads: 4 } },
        ...{ textWidth: 128, textDepth: 2, textHeads: 4, dim: 128 },
      },
      training: { ...smallMasked.training, weightDecay: 0.01 },
    },
  },
  defaultEncoder: "towers",

  build({ encoder, modality, options: { maskRatio, wholeWords, crossDepth, crossHeads } }) {
    const { image, text } = encoder.towers;
    const words = text && offerOf(text.encoder, sequence);
    if (!image || !text || !words)
      throw new UserError("method icmlm needs an encoder of images and one of texts; try --encoder towers");
    const { vocabulary, maskToken, draw } = drawnPairs(modality.sides, "icmlm");
    const { channels, extents, apply: map } = gridMap(image.encoder, "icmlm");
    const { width, epsilon, wholeHeads: heads = 1 } = words;
    if (width % (crossHeads ?? heads) !== 0 || width % 4 !== 0)
      throw new UserError(
        `icmlm: the text encoder's width of ${width} is not a multiple of 4 and of ${crossHeads ?? heads} heads; change --cross-heads`,
      );
    const slots = slotsFor(vocabulary.length, maskRatio);
    const project = linear(channels, width);
    const blocks = globalThis.Array.from({ length: crossDepth }, () =>
      decoderBlock({ width, heads: crossHeads ?? heads, mlpRatio: 4 }),
    );
    const head = tokenHead(width, width, vocabulary.size, epsilon);
    const init = (rng: Rng) => ({
      encoder: encoder.init(rng.split("encoder")),
      project: project.init(rng.split("project")),
      blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
      head: head.init(rng.split("head")),
    });
    type Parameters = Traced<ReturnType<typeof init>>;

    /** The image's places, `[batch, places, width]`. */
    const placesOf = (params: Parameters, inputs: Inputs): Array => {
      const features = map(branchAt(params.encoder, image.path), inputs);
      const rows = np.transpose(np.reshape(features, [-1, channels, sizeOf(extents)]), [0, 2, 1]);
      return np.add(project.apply(params.project, rows), constant(sinCosPositions(extents, width)));
    };
    /** The words after they have attended to the image, `[batch, length, width]`. */
    const conditioned = (params: Parameters, inputs: Inputs): Array => {
      const memory = placesOf(params, inputs);
      const bias = attentionBias(inputs.mask!);
      return blocks.reduce(
        (x, block, index) => block.apply(params.blocks[index]!, x, memory, { bias }),
        words.encode(branchAt(params.encoder, text.path), inputs),
      );
    };
    const logits = (params: Parameters, rows: Array): Array =>
      head.apply(params.head, rows, words.table(branchAt(params.encoder, text.path)));

    return {
      views(sample, rng) {
        const { image, caption } = draw(sample, rng);
        const { ids, targets } = maskTokens(caption, vocabulary, rng, {
          ...{ ratio: maskRatio, wholeWords, slots },
          corruption: { ...BERT_CORRUPTION, token: maskToken },
        });
        return { pair: { ...image, ...vocabulary.encode(ids) }, targets };
      },
      init: (rng) => init(rng),
      loss(params, { pair, targets }) {
        const hidden = rowsOfTokens(conditioned(params, pair), targets.places);
        const { loss, accuracy } = maskedTokenLoss(logits(params, hidden), targets);
        return { loss, metrics: { accuracy, perplexity: np.exp(loss) } };
      },
      tokenLogits: (params, inputs) => logits(params, conditioned(params, inputs)),
    };
  },
});
