import * as z from "zod";
import { filled, np } from "../array/index.ts";
import { crop } from "../data/views.ts";
import { patches } from "../encoders/abilities.ts";
import { dinoHead } from "../layers/heads/dino-head.ts";
import { withoutDropping } from "../layers/scope.ts";
import { dino as dinoLoss, updateCenter } from "../objectives/distillation/dino.ts";
import { ibot as patchLoss } from "../objectives/distillation/ibot.ts";
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

/**
 * iBOT: DINO, and besides the student guesses at masked patches what its teacher says of them. One head serves the class
 * token and the patches. Zhou et al. 2021, https://arxiv.org/abs/2111.07832, as in https://github.com/bytedance/ibot.
 * Differs from the paper: prototypes at unit length (the released ViT-S leaves their lengths free); weight decay, clipping
 * and shares of the training as in `dino`.
 */
export const ibot = method({
  name: "ibot",
  family: "distillation",
  paper: "https://arxiv.org/abs/2111.07832",
  summary: "DINO, and guess what the slow copy says of patches that are masked",
  needs: [crop, patches],
  options: z.object({
    ...distillationOptions({ prototypes: 8192, momentum: 0.996 }),
    centerMomentum: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe("how slowly the centres follow the teacher's output"),
    ...maskOptions,
    ...multiCropOptions({
      globalScale: [0.25, 1],
      localScale: [0.05, 0.25],
      localCrops: 10,
    }),
  }),
  learned: "teacher",
  recipe: { optimizer: "adamw", baseLearningRate: 5e-4, weightDecay: 0.04, batchSize: 1024 },
  defaultEncoder: "vit",
  encoderOptions: { ...withClassToken, dropPath: 0.1 },
  modalityOptions: dinoImages,
  replaces: multiCropReplaces,
  presets: {
    small: smallDistillation({ hiddenDim: 256 }),
  },

  build({ encoder, modality, options }) {
    const { prototypes, studentTemperature, momentum, centerMomentum } = options;
    const { encode, grid, width } = encoder.patches;
    requireClassToken(encoder.patches, "ibot");
    const crops = multiCrop(modality, encoder, options);
    const head = dinoHead(width, options);
    return {
      views(sample, rng) {
        const { global, ...others } = crops(sample, rng);
        return { global, ...others, masks: global.map(() => drawMask(rng, grid, options)) };
      },
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        head: head.init(rng.split("head")),
        maskToken: filled([width], 0),
      }),
      initMemory: (_rng, { encoder, head }) => ({
        teacher: { encoder, head },
        center: filled([prototypes], 0),
        patchCenter: filled([prototypes], 0),
      }),
      loss(params, { global, local = [], masks }, { teacher, center, patchCenter }, { progress }) {
        const whole = concatenateInputs(global);
        const at = np.concatenate([...masks], 0);
        const seen = head.apply(
          teacher.head,
          withoutDropping(() => encode(teacher.encoder, whole)),
        );
        const ours = withFrozenLast(params.head, progress, options);
        const masked = { at, token: params.maskToken };
        const guessed = head.apply(ours, encode(params.encoder, whole, { masked }));
        const fromLocal =
          local.length > 0 ? head.apply(ours, encodeCrops(encoder, params.encoder, [local])) : undefined;

        const teacherLogits = perCrop(classTokenOf(seen), global.length);
        const studentLogits = [
          ...perCrop(classTokenOf(guessed), global.length),
          ...(fromLocal ? perCrop(fromLocal, local.length) : []),
        ];
        const teacherTemperature = teacherTemperatureAt(progress, options);
        const temperatures = { teacherTemperature, studentTemperature };
        const ofClass = dinoLoss(teacherLogits, studentLogits, center, temperatures);
        const [seenPatches, guessedPatches] = [ofPatches(seen, { prefix: 1 }), ofPatches(guessed, { prefix: 1 })];
        const ofMasked = patchLoss(seenPatches, guessedPatches, at, patchCenter, temperatures);
        return {
          loss: np.add(ofClass, ofMasked),
          metrics: { classLoss: ofClass, patchLoss: ofMasked, masked: np.mean(at) },
          memory: {
            teacher,
            center: updateCenter(center, teacherLogits, { momentum: centerMomentum }),
            patchCenter: updateCenter(patchCenter, [seenPatches], { momentum: centerMomentum }),
          },
        };
      },
      prototypes: ({ head: weights }, features) => head.apply(weights, features),
      afterStep: ({ encoder, head }, { teacher, ...centers }, { progress }) => ({
        teacher: momentumUpdate(teacher, { encoder, head }, cosineMomentum(progress, { start: momentum })),
        ...centers,
      }),
    };
  },
});
