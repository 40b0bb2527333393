import { z } from "zod";
import { type Array, int32, lax, np } from "../array/index.ts";
import { standardize } from "../layers/layer-norm.ts";
import { linear } from "../layers/linear.ts";
import { inEvaluation } from "../layers/scope.ts";
import { smoothL1 } from "../objectives/smooth-l1.ts";
import { placesToHide, shareOf } from "./masks.ts";
import { method } from "./method.ts";
import { withPatches } from "./pictures.ts";
import { linearMomentum, momentumUpdate } from "./teacher.ts";
import { markedAt, ofPatches, rowsAt } from "./tokens.ts";

/**
 * data2vec: from a masked input, tell the average of the last blocks' outputs of a slowly following teacher that sees
 * all of it. Baevski et al. 2022, https://arxiv.org/abs/2202.03555; targets and recipe (ViT-B, batch 2,048) are those of
 * https://github.com/facebookresearch/data2vec_vision: each block's output is layer-normalised before the average, and
 * the average again. Differs from the paper: no relative position bias and no layer scale in the encoder; gradients are
 * clipped only if asked (theirs at 3).
 */
export const data2vec = method({
  name: "data2vec",
  family: "masked",
  paper: "https://arxiv.org/abs/2202.03555",
  summary: "tell, from a masked input, what a teacher makes of the whole",
  needs: ["patches"],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.6).describe("share of the tokens that is hidden; blockwise on a grid"),
    topBlocks: z.int().positive().default(6).describe("last blocks of which the targets are the average; at most all"),
    beta: z.number().positive().default(2).describe("distance where the loss turns from a square into a line"),
    momentum: z.number().min(0).max(1).default(0.9998).describe("how slowly the teacher follows, at the start"),
    finalMomentum: z.number().min(0).max(1).default(0.9998).describe("the same at the end; linear in between"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 2.5e-4, weightDecay: 0.05, batchSize: 2048 },
  presets: {
    small: {
      summary: "tens of thousands of 32-pixel pictures on two cores: a ViT of 4 blocks, a quicker teacher",
      encoder: "vit",
      encoderOptions: { width: 192, depth: 4, heads: 3, patchSize: 4 },
      options: { topBlocks: 3, momentum: 0.99, finalMomentum: 0.999 },
      training: { batchSize: 128, learningRate: 1e-3, warmupEpochs: 1, gradientClip: 1 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { patches: tokens } = encoder;
    const hiding = shareOf(tokens.count, options.maskRatio);
    const head = linear(tokens.width, tokens.width);
    return {
      views: (sample, rng) => ({
        input: modality.tensors(modality.perturb?.(sample, rng) ?? sample),
        hidden: int32(placesToHide(rng, tokens.grid, hiding), [hiding]),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        maskToken: rng.split("maskToken").truncatedNormal([1, tokens.width], 0.02),
        head: head.init(rng.split("head")),
      }),
      initMemory: (_, params) => ({ teacher: params.encoder }),
      loss(params, { input, hidden }, { teacher }) {
        const outputs = inEvaluation(() => tokens.blocks(teacher, input)).slice(-options.topBlocks);
        const [first, ...others] = outputs.map((output) => standardize(ofPatches(output, tokens)));
        const sum = others.reduce((total: Array, output) => np.add(total, output), first!);
        const targets = lax.stopGradient(standardize(np.multiply(sum, 1 / outputs.length)));

        const at = markedAt(hidden, tokens.count);
        const encoded = tokens.encode(params.encoder, input, { masked: { at, token: params.maskToken } });
        const prediction = head.apply(params.head, rowsAt(ofPatches(encoded, tokens), hidden));
        const answers = rowsAt(targets, hidden);
        const deviation = np.mean(np.std(np.reshape(answers, [-1, tokens.width]), 0));
        return { loss: smoothL1(prediction, answers, { beta: options.beta }), metrics: { targetDeviation: deviation } };
      },
      afterStep: (params, { teacher }, { progress }) => ({
        teacher: momentumUpdate(
          teacher,
          params.encoder,
          linearMomentum(progress, { start: options.momentum, end: options.finalMomentum }),
        ),
      }),
      look: (_, { input, hidden }) => ({ masked: withPatches(tokens, input, markedAt(hidden, tokens.count), 0) }),
    };
  },
});
