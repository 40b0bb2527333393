import * as z from "zod";
import { filled, np } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import { maskToken, paraphrase, vocabulary } from "../data/vocabulary.ts";
import { sequence } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { dropout } from "../layers/functions/dropout.ts";
import { layerNorm } from "../layers/norms/layer-norm.ts";
import { attentionBias, causalBias } from "../layers/transformer/attention-bias.ts";
import { decoderBlock } from "../layers/transformer/transformer.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import { method } from "./method.ts";
import { infill, permuteSentences } from "./parts/token-noise.ts";

/**
 * BART: a decoder restores a corrupted text. Each span of words is replaced by one mask token, and sentences are shuffled.
 * Lewis et al. 2019, https://arxiv.org/abs/1910.13461. Differs from the paper: a span is always replaced by the mask token
 * (by a random token for a tenth of the spans in the released recipe), the decoder's default depth is half the encoder's,
 * and the learning rate is for small models, with cosine decay. What can be written in several ways is read in one and restored in
 * another: Chemformer's, Irwin et al. 2022, https://doi.org/10.1088/2632-2153/ac3ffb, for the SMILES of molecules.
 */
export const bart = method({
  name: "bart",
  family: "restoration",
  paper: "https://arxiv.org/abs/1910.13461",
  summary: "restore a text whose spans were masked and whose sentences were shuffled",
  needs: [vocabulary, maskToken, sequence],
  causal: false,
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.3).describe("share of the words in masked spans"),
    spanLength: z.number().positive().default(3).describe("mean length of a span in words (Poisson)"),
    permuteSentences: z.boolean().default(true).describe("shuffle the sentences"),
    decoderDepth: bounds.depth().optional().describe("blocks of the decoder; half the encoder's by default"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, beta2: 0.98, batchSize: 64 },
  presets: {
    small: {
      summary: "15 epochs in batches of 32",
      training: { epochs: 15, batchSize: 32, gradientClip: 1 },
    },
  },
  defaultEncoder: "transformer",

  build({ encoder, modality, options }) {
    const { vocabulary, maskToken } = modality;
    const written = offerOf(modality, paraphrase);
    const { width, count, encode, table, epsilon, dropout: rate, wholeHeads: heads } = encoder.sequence;
    const depth = Number(encoder.hyperparameters.depth);
    const blocks = globalThis.Array.from({ length: options.decoderDepth ?? Math.max(1, Math.round(depth / 2)) }, () =>
      decoderBlock({ width, heads, mlpRatio: 4, norm: "post", epsilon, dropout: rate }),
    );
    const norm = layerNorm(width, epsilon);
    const { end } = vocabulary.ids;
    return {
      views(sample, rng) {
        const sequence = vocabulary.tokens(sample, rng);
        const read = written ? written(sample, rng.split("written")) : sequence;
        const shuffled = options.permuteSentences ? permuteSentences(read, rng.split("sentences")) : read;
        const noisy = infill(shuffled, maskToken, rng.split("spans"), options);
        const target = vocabulary.encode(sequence.ids);
        return {
          noisy: vocabulary.encode(noisy),
          // The decoder reads the target shifted by one token, after an `end`, as in the released code.
          shifted: vocabulary.encode(Int32Array.of(end, ...sequence.ids.subarray(0, -1))).ids,
          target,
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        positions: rng.split("positions").truncatedNormal([count, width], 0.02),
        embeddingNorm: norm.init(),
        blocks: blocks.map((block, index) => block.init(rng.split("block", index))),
        bias: filled([vocabulary.size], 0),
      }),
      loss(params, { noisy, shifted, target }) {
        const memory = encode(params.encoder, noisy);
        const embeddings = table(params.encoder);
        const placed = np.add(np.take(embeddings, shifted, 0), params.positions);
        const start = dropout(norm.apply(params.embeddingNorm, placed), rate);
        const biases = { bias: causalBias(count), memoryBias: attentionBias(noisy.mask) };
        const last = blocks.reduce((x, block, index) => block.apply(params.blocks[index]!, x, memory, biases), start);
        const logits = np.add(np.matmul(np.reshape(last, [-1, width]), np.transpose(embeddings)), params.bias);
        const labels = np.reshape(target.ids, [-1]);
        const weights = np.where(np.equal(np.reshape(target.mask, [-1]), 0), 0, 1);
        const loss = crossEntropy(logits, labels, { weights });
        return {
          loss,
          metrics: { accuracy: accuracy(logits, labels, { weights }), perplexity: np.exp(loss) },
        };
      },
    };
  },
});
