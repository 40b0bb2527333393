import * as z from "zod";
import { filled, lax, np } from "../array/index.ts";
import { crop } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import * as bounds from "../foundation/bounds.ts";
import { dinoHead } from "../layers/heads/dino-head.ts";
import { withoutDropping } from "../layers/scope.ts";
import { sinkhorn } from "../objectives/clustering/sinkhorn.ts";
import { distillation } from "../objectives/distillation/dino.ts";
import { patchDistillation } from "../objectives/distillation/ibot.ts";
import { koleo } from "../objectives/distillation/koleo.ts";
import { method } from "./method.ts";
import {
  classTokenOf,
  distillationOptions,
  drawMask,
  maskOptions,
  requireClassToken,
  smallDistillation,
  teacherTemperatureAt,
  withFrozenLast,
} from "./parts/distillation.ts";
import {
  dinoImages,
  encodeCrops,
  multiCrop,
  multiCropOptions,
  multiCropReplaces,
  perCrop,
} from "./parts/multi-crop.ts";
import { withClassToken } from "./parts/presets.ts";
import { cosineMomentum, momentumUpdate } from "./parts/teacher.ts";
import { ofPatches } from "./parts/tokens.ts";
import { concatenateInputs } from "./parts/views.ts";

const onVit = smallDistillation({ hiddenDim: 256 });

/** Fewest patches of a masked block (`min_num_patches` of its code). */
const MIN_BLOCK = 4;

/**
 * DINOv2's recipe: DINO on class tokens, iBOT on masked patches with a separate head, Sinkhorn–Knopp instead of centring,
 * and KoLeo to spread the class tokens. Oquab et al. 2023, https://arxiv.org/abs/2304.07193, as in
 * https://github.com/facebookresearch/dinov2; the recipe is that of its default configuration (ViT-L/16 on ImageNet).
 * Differs from the paper: each crop is masked independently (its code masks
 * exactly half of a batch, with evenly spaced ratios); prototypes at unit length (free in the paper); the learning rate
 * scales linearly with the batch and is by default the same for all layers (there with the square root, and lower for early
 * layers, `--layer-decay 0.9`, and a fifth for the patch projection); gradients are clipped together, there those of the encoder and of each head by themselves;
 * drop-path rises with depth (the same for all blocks there); 65,536 prototypes (131,072 in its largest models); no
 * high-resolution phase; shares of the training as in `dino`.
 */
export const dinov2 = method({
  name: "dinov2",
  family: "distillation",
  paper: "https://arxiv.org/abs/2304.07193",
  summary: "DINO and iBOT with a head each, Sinkhorn-balanced targets, and KoLeo to spread features",
  needs: [crop, patches],
  options: z.object({
    ...distillationOptions({ prototypes: 65_536, momentum: 0.992, teacherWarmup: 0.3 }),
    sinkhornIterations: bounds
      .repeats()
      .default(3)
      .describe("Sinkhorn iterations that balance the teacher's prototypes"),
    koleoWeight: z.number().nonnegative().default(0.1).describe("weight of KoLeo, which spreads the class tokens"),
    ...maskOptions,
    ...multiCropOptions({
      globalScale: [0.32, 1],
      localScale: [0.05, 0.32],
      localCrops: 8,
    }),
  }),
  learned: "teacher",
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.04, finalWeightDecay: 0.4, batchSize: 1024 },
    ...{ warmup: 0.1, finalLearningRate: 1e-6 / 4e-3, gradientClip: 3 },
  },
  defaultEncoder: "vit",
  encoderOptions: { ...withClassToken, dropPath: 0.3 },
  encoderRecipe: { layerScale: 1e-5 },
  modalityOptions: dinoImages,
  replaces: multiCropReplaces,
  presets: {
    small: {
      ...onVit,
      options: { ...onVit.options, teacherWarmup: 0.1 },
      encoderOptions: { dropPath: 0, layerScale: 0 },
    },
  },

  build({ encoder, modality, options }) {
    const { prototypes, studentTemperature, momentum, koleoWeight, sinkhornIterations: iterations } = options;
    const { encode, grid, width, count } = encoder.patches;
    requireClassToken(encoder.patches, "dinov2");
    const crops = multiCrop(modality, encoder, options);
    const head = dinoHead(width, options);
    return {
      views(sample, rng) {
        const { global, ...others } = crops(sample, rng);
        return { global, ...others, masks: global.map(() => drawMask(rng, grid, options, MIN_BLOCK)) };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        classHead: head.init(rng.split("classHead")),
        patchHead: head.init(rng.split("patchHead")),
        maskToken: filled([width], 0),
      }),
      initMemory: (_rng, { encoder, classHead, patchHead }) => ({ teacher: { encoder, classHead, patchHead } }),
      loss(params, { global, local = [], masks }, { teacher }, { progress }) {
        const whole = concatenateInputs(global);
        const at = np.concatenate([...masks], 0);
        const epsilon = teacherTemperatureAt(progress, options);

        const teacherTokens = withoutDropping(() => encode(teacher.encoder, whole));
        const teacherClass = head.apply(teacher.classHead, classTokenOf(teacherTokens));
        const teacherPatches = head.apply(teacher.patchHead, ofPatches(teacherTokens, encoder.patches));
        const targets = lax.stopGradient(sinkhorn(teacherClass, { iterations, epsilon }));
        // Prototypes are balanced over masked patches only: the others are not compared.
        const rows = np.reshape(teacherPatches, [-1, prototypes]);
        const balanced = sinkhorn(rows, { iterations, epsilon, counted: np.reshape(at, [-1]) });
        const patchTargets = lax.stopGradient(np.reshape(balanced, [-1, count, prototypes]));

        const tokens = encode(params.encoder, whole, { masked: { at, token: params.maskToken } });
        const classTokens = classTokenOf(tokens);
        const fromLocal = local.length > 0 ? encodeCrops(encoder, params.encoder, [local]) : undefined;
        const classHead = withFrozenLast(params.classHead, progress, options);
        const patchHead = withFrozenLast(params.patchHead, progress, options);
        const studentClass = head.apply(
          classHead,
          fromLocal ? np.concatenate([classTokens, fromLocal], 0) : classTokens,
        );
        const studentPatches = head.apply(patchHead, ofPatches(tokens, encoder.patches));

        const studentLogits = perCrop(studentClass, global.length + local.length);
        const classLoss = distillation(perCrop(targets, global.length), studentLogits, { studentTemperature });
        const patchLoss = patchDistillation(patchTargets, studentPatches, at, { studentTemperature });
        const spread = perCrop(classTokens, global.length)
          .map(koleo)
          .reduce((sum, next) => np.add(sum, next));
        return {
          loss: np.add(np.add(classLoss, patchLoss), np.multiply(spread, koleoWeight)),
          metrics: { classLoss, patchLoss, koleo: np.multiply(spread, 1 / global.length) },
        };
      },
      prototypes: ({ classHead }, features) => head.apply(classHead, features),
      afterStep: ({ encoder, classHead, patchHead }, { teacher }, { progress }) => ({
        teacher: momentumUpdate(
          teacher,
          { encoder, classHead, patchHead },
          cosineMomentum(progress, { start: momentum }),
          { statistics: "own" },
        ),
      }),
    };
  },
});
