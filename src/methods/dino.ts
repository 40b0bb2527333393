import * as z from "zod";
import { filled } from "../array/index.ts";
import { crop } from "../data/views.ts";
import { dinoHead } from "../layers/heads/dino-head.ts";
import { withoutDropping } from "../layers/scope.ts";
import { dino as dinoLoss, updateCenter } from "../objectives/distillation/dino.ts";
import { method } from "./method.ts";
import {
  dinoRecipe,
  distillationOptions,
  slowerTeacher,
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
import { withClassToken, withoutBlur } from "./parts/presets.ts";
import { cosineMomentum, momentumUpdate } from "./parts/teacher.ts";

/** Trains in hours on two cores, and has attention maps; the paper's other encoder, a ResNet, trains in minutes. */
const onVit = smallDistillation({ hiddenDim: 512 });

/**
 * DINO: a student that sees all crops predicts the output of a momentum teacher that sees the large ones; centring and
 * sharpening of the teacher prevent collapse. Caron et al. 2021, https://arxiv.org/abs/2104.14294, as in
 * https://github.com/facebookresearch/dino, whose recipe for 100 epochs this is. Differs from the paper: its epochs (the
 * teacher's warm-up 30 of 300, the prototypes' freeze 1 of 100) are shares of the training. In batches of up to 256 the
 * teacher's momentum starts at 0.9995, as the authors advise.
 */
export const dino = method({
  name: "dino",
  family: "distillation",
  paper: "https://arxiv.org/abs/2104.14294",
  summary: "predict from small crops a momentum teacher's output on large ones",
  needs: [crop],
  options: z.object({
    ...distillationOptions({ prototypes: 65_536, momentum: 0.996 }),
    centerMomentum: z.number().min(0).max(1).default(0.9).describe("momentum of the centre of the teacher's outputs"),
    ...multiCropOptions({
      globalScale: [0.4, 1],
      localScale: [0.05, 0.4],
      localCrops: 8,
    }),
  }),
  learned: "teacher",
  recipe: dinoRecipe,
  follow: slowerTeacher,
  defaultEncoder: "vit",
  encoderOptions: { ...withClassToken, dropPath: 0.1 },
  modalityOptions: dinoImages,
  replaces: multiCropReplaces,
  presets: {
    small: {
      ...onVit,
      ...withoutBlur,
      summary: `a ResNet; ${onVit.summary}`,
      encoder: "resnet",
      options: { ...onVit.options, momentum: 0.99 },
      training: { ...onVit.training, learningRate: 1e-3 },
    },
    "small-vit": { ...onVit, summary: `a ViT; ${onVit.summary}` },
  },

  build({ encoder, modality, options }) {
    const { prototypes, studentTemperature, momentum, centerMomentum } = options;
    const crops = multiCrop(modality, encoder, options);
    const head = dinoHead(encoder.embedDim, options);
    return {
      views: (sample, rng) => crops(sample, rng),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      initMemory: (_rng, params) => ({ teacher: params, center: filled([prototypes], 0) }),
      loss(params, { global, local = [] }, { teacher, center }, { progress }) {
        const features = withoutDropping(() => encodeCrops(encoder, teacher.encoder, [global]));
        const teacherOutput = head.apply(teacher.head, features);
        const studentOutput = head.apply(
          withFrozenLast(params.head, progress, options),
          encodeCrops(encoder, params.encoder, [global, local]),
        );
        const teacherLogits = perCrop(teacherOutput, global.length);
        const teacherTemperature = teacherTemperatureAt(progress, options);
        const temperatures = { teacherTemperature, studentTemperature };
        return {
          loss: dinoLoss(teacherLogits, perCrop(studentOutput, global.length + local.length), center, temperatures),
          metrics: { teacherTemperature },
          memory: { teacher, center: updateCenter(center, teacherLogits, { momentum: centerMomentum }) },
        };
      },
      prototypes: ({ head: weights }, features) => head.apply(weights, features),
      afterStep: (params, { teacher, center }, { progress }) => ({
        teacher: momentumUpdate(teacher, params, cosineMomentum(progress, { start: momentum }), { statistics: "own" }),
        center,
      }),
    };
  },
});
