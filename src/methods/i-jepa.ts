import * as z from "zod";
import { int32, lax, np } from "../array/index.ts";
import { perturb } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { standardize } from "../layers/norms/layer-norm.ts";
import { inEvaluation } from "../layers/scope.ts";
import { smoothL1 } from "../objectives/restoration/smooth-l1.ts";
import { method } from "./method.ts";
import { multiBlockMask, multiBlockTubes } from "./parts/masks.ts";
import { patchDecoder } from "./parts/patch-decoder.ts";
import { withPatches } from "./parts/pictures.ts";
import { smallMasked } from "./parts/presets.ts";
import { linearMomentum, momentumUpdate } from "./parts/teacher.ts";
import { markedAt, ofPatches, rowsAt } from "./parts/tokens.ts";

const range = (low: number, high: number) =>
  z.tuple([z.number().positive(), z.number().positive()]).default([low, high]);

/**
 * I-JEPA: from one context block of an image, a narrow predictor predicts a momentum teacher's representations of four
 * target blocks. Assran et al. 2023, https://arxiv.org/abs/2301.08243; masks, loss and recipe (ViT-H, batch 2,048) are those of
 * https://github.com/facebookresearch/ijepa: smooth L1 and layer-normalised targets instead of the paper's L2.
 * Differs from the paper: the number of patches is the same for every sample of a run, not of a batch, and blocks may
 * touch every edge (see `multiBlockMask`); the warm-up starts from 0 (there from a fifth of the peak).
 */
export const iJepa = method({
  name: "i-jepa",
  family: "masked",
  paper: "https://arxiv.org/abs/2301.08243",
  summary: "predict a teacher's representations of some blocks from another block",
  needs: [perturb, patches],
  options: z.object({
    targets: bounds.repeats().default(4).describe("number of target blocks"),
    targetScale: range(0.15, 0.2).describe("area of a target block, as a share of the image"),
    targetAspect: range(0.75, 1.5).describe("height of a target block, over its width"),
    contextScale: range(0.85, 1).describe("area of the context block before the targets are removed from it"),
    contextRatio: z.number().gt(0).lt(1).default(0.28).describe("share of the patches left as the context"),
    throughTime: z
      .boolean()
      .default(false)
      .describe("blocks of a video's frames that are the same at all times, as V-JEPA's, instead of boxes"),
    predictorWidth: bounds.width().default(384).describe("width of the predictor"),
    predictorDepth: bounds.depth().default(12).describe("blocks of the predictor"),
    predictorHeads: bounds.width().default(12).describe("attention heads of the predictor"),
    momentum: z.number().min(0).max(1).default(0.996).describe("momentum of the teacher at the start"),
    finalMomentum: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe("momentum of the teacher at the end; linear in between"),
  }),
  learned: "teacher",
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 1.25e-4, weightDecay: 0.04, finalWeightDecay: 0.4, batchSize: 2048 },
    ...{ warmup: 40 / 300, finalLearningRate: 1e-3 },
  },
  modalityOptions: { cropScale: [0.3, 1], flip: 0 },
  presets: {
    small: {
      summary: "a predictor of 2 blocks, a faster teacher; batches of 128",
      ...smallMasked,
      training: { ...smallMasked.training, weightDecay: 0.04 },
      options: { predictorWidth: 96, predictorDepth: 2, predictorHeads: 3, momentum: 0.99 },
    },
  },
  defaultEncoder: "vit",

  build({ encoder, modality, options }) {
    const { patches: tokens } = encoder;
    const { grid } = tokens;
    if (options.throughTime && grid.length < 2)
      throw new UserError("i-jepa: blocks through time need patches along other axes, too; this input has one axis");
    const masks = options.throughTime ? multiBlockTubes(grid, options) : multiBlockMask(grid, options);
    const { targets: blocks, predictorWidth: width, predictorDepth: depth, predictorHeads: heads } = options;
    const predictor = patchDecoder({
      ...{ name: "i-jepa", grid, input: tokens.width, width, depth, heads, output: tokens.width },
    });
    return {
      views(sample, rng) {
        const { context, targets } = masks.draw(rng);
        return {
          image: modality.tensors(modality.perturb(sample, rng)),
          context: int32(context, [masks.contextCount]),
          targets: int32(targets, [blocks, masks.targetCount]),
        };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        predictor: predictor.init(rng.split("predictor")),
      }),
      initMemory: (_, params) => ({ teacher: { encoder: params.encoder } }),
      loss({ encoder: student, predictor: weights }, { image, context, targets }, { teacher }) {
        const [batch, , targetCount] = targets.shape as [number, number, number];
        const places = np.reshape(targets, [batch, blocks * targetCount]);
        // One row per block: a block is predicted from the context alone, apart from the other blocks.
        const perBlock = [batch * blocks, targetCount, -1];
        const encodedTargets = inEvaluation(() =>
          standardize(ofPatches(tokens.encode(teacher.encoder, image), tokens)),
        );
        const expected = lax.stopGradient(np.reshape(rowsAt(encodedTargets, places), perBlock));

        const encoded = ofPatches(tokens.encode(student, image, { keep: context }), tokens);
        const visible = np.add(predictor.project(weights, encoded), rowsAt(predictor.positions(), context));
        const repeated = np.repeat(visible, blocks, 0);
        const queries = np.add(np.reshape(rowsAt(predictor.positions(), places), perBlock), weights.maskToken);
        const decoded = predictor.decode(weights, np.concatenate([repeated, queries], 1));
        const [, prediction] = np.split(decoded, [context.shape[1]!], 1);
        return { loss: smoothL1(prediction!, expected, { beta: 1 }) };
      },
      afterStep: (params, { teacher }, { progress }) => ({
        teacher: momentumUpdate(
          teacher,
          { encoder: params.encoder },
          linearMomentum(progress, { start: options.momentum, end: options.finalMomentum }),
        ),
      }),
      look(_, { image, context }) {
        const hidden = np.subtract(1, markedAt(context, tokens.count));
        return { masked: withPatches(tokens, image, hidden, 0) };
      },
    };
  },
});
