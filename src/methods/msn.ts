import * as z from "zod";
import { int32, lax, np } from "../array/index.ts";
import { crop } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import type { Inputs } from "../encoders/encoder.ts";
import * as bounds from "../foundation/bounds.ts";
import { geluMlp } from "../layers/heads/gelu-mlp.ts";
import { prototypes as prototypeLayer } from "../layers/heads/prototypes.ts";
import { msn as msnLoss } from "../objectives/clustering/msn.ts";
import { method } from "./method.ts";
import { classTokenOf, requireClassToken } from "./parts/distillation.ts";
import { randomPlaces, shareOf } from "./parts/masks.ts";
import { encodeCrops, multiCrop, multiCropOptions, multiCropReplaces, smallCrops } from "./parts/multi-crop.ts";
import { smallTraining, withClassToken, withoutBlur } from "./parts/presets.ts";
import { linearMomentum, momentumUpdate } from "./parts/teacher.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * Masked siamese networks: a masked view is assigned to the same prototypes as another, whole view by a momentum teacher.
 * Assran et al. 2022, https://arxiv.org/abs/2204.07141, as in
 * https://github.com/facebookresearch/msn: the momentum rises linearly and would reach 1 after 1.25 trainings,
 * and only the large anchors are masked. Differs from its code: the cosines of learning rate and weight decay end with the
 * training (there at 1.25 trainings), the warm-up starts from 0 (there from a fifth of the peak), the prototypes' gradients
 * are clipped with all others, and each sample drops its own patches (there a batch drops the same ones).
 */
export const msn = method({
  name: "msn",
  family: "clustering",
  paper: "https://arxiv.org/abs/2204.07141",
  summary: "assign a masked view to the same prototypes as the whole one",
  needs: [crop, patches],
  options: z.object({
    maskRatio: z.number().gt(0).lt(1).default(0.15).describe("share of a large anchor's patches that are dropped"),
    anchorViews: bounds.repeats().default(1).describe("number of large anchors"),
    prototypes: bounds.count().min(2).default(1024).describe("number of prototypes"),
    temperature: z
      .number()
      .positive()
      .default(0.1)
      .describe("temperature of the anchors' assignments; lower is sharper"),
    targetSharpenTemperature: z.number().positive().max(1).default(0.25).describe("sharpening of the targets; 1: none"),
    regularizationWeight: z
      .number()
      .nonnegative()
      .default(1)
      .describe("weight of the mean-entropy maximisation, which uses all prototypes"),
    sinkhornIterations: z
      .int()
      .nonnegative()
      .max(1_000)
      .default(3)
      .describe("iterations that balance the targets; 0: none"),
    hiddenDim: bounds.width().default(2048).describe("width of the projector's hidden layers"),
    projectionDim: bounds.width().default(256).describe("width of the prototypes"),
    momentum: z.number().min(0).max(1).default(0.996).describe("momentum of the target network; rises"),
    ...multiCropOptions({ globalScale: [0.3, 1], localScale: [0.05, 0.3], localCrops: 10 }),
  }),
  learned: "teacher",
  recipe: {
    ...{ optimizer: "adamw", baseLearningRate: 2.5e-4, weightDecay: 0.04, finalWeightDecay: 0.4, batchSize: 1024 },
    ...{ warmup: 15 / 800, finalLearningRate: 1e-3, gradientClip: 3 },
  },
  defaultEncoder: "vit",
  encoderOptions: withClassToken,
  modalityOptions: { blur: 0.5, solarize: 0 },
  replaces: multiCropReplaces,
  presets: {
    small: {
      summary: "256 prototypes, four local crops, a faster target network, no blur; batches of 64",
      ...withoutBlur,
      options: { ...smallCrops, prototypes: 256, hiddenDim: 512, projectionDim: 128, momentum: 0.99 },
      training: { ...smallTraining, batchSize: 64, learningRate: 5e-4, weightDecay: 0.04, gradientClip: 3 },
    },
  },

  build({ encoder, modality, options }) {
    const { anchorViews, maskRatio, prototypes: count, hiddenDim, projectionDim, momentum } = options;
    const { encode, width, count: patches } = encoder.patches;
    requireClassToken(encoder.patches, "msn");
    const crops = multiCrop(modality, encoder, { ...options, globalCrops: anchorViews + 1 });
    const projector = geluMlp([width, hiddenDim, hiddenDim, projectionDim], { norm: true });
    const prototypes = prototypeLayer(projectionDim, count);
    const kept = patches - shareOf(patches, maskRatio);
    return {
      views(sample, rng) {
        const { global, ...others } = crops(sample, rng);
        const [target, ...anchors] = global;
        const keep = anchors.map(() => int32(randomPlaces(rng, patches, kept), [kept]));
        return { target: target!, anchors, keep, ...others };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        projector: projector.init(rng.split("projector")),
        prototypes: prototypes.init(rng.split("prototypes")),
      }),
      initMemory: (_rng, { encoder, projector }) => ({ teacher: { encoder, projector } }),
      loss(params, { target, anchors, keep, local = [] }, { teacher }) {
        const project = (view: Inputs) => projector.apply(teacher.projector, encoder.apply(teacher.encoder, view));
        const targets = lax.stopGradient(project(target));
        const masked = encode(params.encoder, concatenateInputs(anchors), { keep: np.concatenate([...keep], 0) });
        const large = projector.apply(params.projector, classTokenOf(masked));
        // BatchNorm sees each crop size separately, as in the released code.
        const small =
          local.length > 0
            ? projector.apply(params.projector, encodeCrops(encoder, params.encoder, [local]))
            : undefined;
        const all = small ? np.concatenate([large, small], 0) : large;
        return { loss: msnLoss(all, targets, params.prototypes.weight, options) };
      },
      prototypes: (params, features) =>
        prototypes.apply(params.prototypes, projector.apply(params.projector, features)),
      afterStep: ({ encoder, projector }, { teacher }, { progress }) => ({
        teacher: momentumUpdate(
          teacher,
          { encoder, projector },
          linearMomentum(progress, { start: momentum, end: momentum + (1 - momentum) / 1.25 }),
          { statistics: "own" },
        ),
      }),
    };
  },
});
