import * as z from "zod";
import { int32, np } from "../array/index.ts";
import { offers } from "../data/ability.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { PatchAbility } from "../encoders/encoder.ts";
import { UserError } from "../foundation/errors.ts";
import { linear } from "../layers/linear.ts";
import { inEvaluation } from "../layers/scope.ts";
import { accuracy, crossEntropy } from "../objectives/supervised/cross-entropy.ts";
import type { FrozenRun } from "./frozen.ts";
import { method } from "./method.ts";
import { blockwiseMask, shareOf } from "./parts/masks.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";
import { markedAt, ofPatches, rowsAt } from "./parts/tokens.ts";
import { tokenizer, vqAutoencoder } from "./vq-autoencoder.ts";

/**
 * BEiT: blocks of an image are masked, and the encoder predicts their visual tokens, the discrete codes of a tokenizer.
 * Bao et al. 2021, https://arxiv.org/abs/2106.08254; the recipe is that of ViT-B in
 * https://github.com/microsoft/unilm/tree/master/beit. Differs from the paper: the tokenizer is a `vq-autoencoder` trained
 * on the user's data instead of DALL-E's; no relative position bias in the encoder, colours are not jittered, and
 * crops have at least 0.2 of the area (0.08 there).
 */
export const beit = method({
  name: "beit",
  family: "masked",
  paper: "https://arxiv.org/abs/2106.08254",
  summary: "predict the codes of masked patches; needs a vq-autoencoder run as --visual-tokenizer",
  needs: [perturb, patches],
  options: z.object({
    visualTokenizer: z.string().optional().describe("path of a run of vq-autoencoder on the same kind of data"),
    maskRatio: z.number().gt(0).lt(1).default(0.4).describe("share of the patches that are masked, in blocks"),
  }),
  runs: ["visualTokenizer"],
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 1.875e-4, weightDecay: 0.05, batchSize: 2048 },
    ...{ warmup: 10 / 800, finalLearningRate: 1e-5 / 1.5e-3, gradientClip: 3 },
  },
  encoderOptions: { dropPath: 0.1 },
  encoderRecipe: { layerScale: 0.1 },
  presets: {
    small: {
      summary: "batches of 128",
      ...smallMasked,
      encoderOptions: { dropPath: 0, layerScale: 0 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options, runs }) {
    const { patches: tokens } = encoder;
    const { frozen, tokenize, vocabulary } = tokenizerOf(runs?.visualTokenizer, tokens);
    const hiddenCount = shareOf(tokens.count, options.maskRatio);
    const head = linear(tokens.width, vocabulary);
    return {
      views: (sample, rng) => ({
        image: modality.tensors(modality.perturb(sample, rng)),
        hidden: int32(blockwiseMask(rng, tokens.grid, hiddenCount), [hiddenCount]),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("maskToken").truncatedNormal([1, tokens.width], 0.02),
        head: head.init(rng.split("head")),
      }),
      initMemory: (_) => ({ tokenizer: frozen }),
      loss(params, { image, hidden }, { tokenizer: weights }) {
        const codes = inEvaluation(() => tokenize.book.nearest(weights.codebook, tokenize.encode(weights, image)));
        // The product takes float32, which holds indices below 2²⁴ exactly.
        const perPatch = np.reshape(np.astype(codes, np.float32), [-1, tokens.count, 1]);
        const targets = np.astype(np.reshape(rowsAt(perPatch, hidden), [-1]), np.int32);

        const masked = { at: markedAt(hidden, tokens.count), token: params.maskToken };
        const encoded = ofPatches(tokens.encode(params.encoder, image, { masked }), tokens);
        const logits = np.reshape(head.apply(params.head, rowsAt(encoded, hidden)), [-1, vocabulary]);
        return { loss: crossEntropy(logits, targets), metrics: { accuracy: accuracy(logits, targets) } };
      },
      look: (_, { image, hidden }) => ({ masked: withPatches(tokens, image, markedAt(hidden, tokens.count), 0) }),
    };
  },
});

/** The tokenizer of a run. @throws UserError without a run, for a run of another method, or for another grid of patches */
function tokenizerOf(run: FrozenRun | undefined, tokens: PatchAbility) {
  if (!run) throw new UserError("beit: give the path of a finished run of vq-autoencoder as --visual-tokenizer");
  if (run.method !== vqAutoencoder.name || !offers(run.encoder, patches))
    throw new UserError(`beit: ${run.path} is a run of ${run.method}, not of ${vqAutoencoder.name}`);
  const { grid } = run.encoder.patches;
  if (grid.join() !== tokens.grid.join())
    throw new UserError(
      `beit: ${run.path} has codes for ${grid.join(" × ")} patches, this encoder has ${tokens.grid.join(" × ")}; use the same sizes of input and patch`,
    );
  const options = vqAutoencoder.options.parse(run.options);
  const tokenize = tokenizer(run.encoder, options);
  const { encoder, toCode, norm, codebook } = run.params;
  // All but the decoder: the tree that the tokenizer's `init` makes.
  const frozen = { encoder, toCode, norm, codebook } as ReturnType<typeof tokenize.init>;
  return { frozen, tokenize, vocabulary: options.codes };
}
