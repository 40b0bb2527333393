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
  dinoRecipe,
  distillationOptions,
  drawMask,
  maskOptions,
  requireClassToken,
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
import { withClassToken } from "./parts/presets.ts";
import { cosineMomentum, momentumUpdate } from "./parts/teacher.ts";
import { ofPatches } from "./parts/tokens.ts";
import { concatenateInputs } from "./parts/views.ts";

/**
 * iBOT: DINO, and at masked patches the student predicts the teacher's output, which sees them. One head serves the class
 * token and the patches. Zhou et al. 2021, https://arxiv.org/abs/2111.07832, as in https://github.com/bytedance/ibot.
 * Differs from the paper: prototypes at unit length (free in the released ViT-S); shares of the training and the
 * teacher's momentum in small batches as in `dino`. A masked block has at least the area of a ninth of the crop.
 */
export const ibot = method({
  name: "ibot",
  family: "distillation",
  paper: "https://arxiv.org/abs/2111.07832",
  summary: "DINO, and predict the momentum teacher's output at masked patches",
  needs: [crop, patches],
  options: z.object({
    ...distillationOptions({ prototypes: 8192, momentum: 0.996 }),
    centerMomentum: z.number().min(0).max(1).default(0.9).describe("momentum of the centres of the teacher's outputs"),
    ...maskOptions,
    ...multiCropOptions({
      globalScale: [0.25, 1],
      localScale: [0.05, 0.25],
      localCrops: 10,
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
    small: smallDistillation({ hiddenDim: 256 }),
  },

  build({ encoder, modality, options }) {
    const { prototypes, studentTemperature, momentum, centerMomentum } = options;
    const { encode, grid, width } = encoder.patches;
    // The code's `low`: a block of a third of each side.
    const minBlock = grid.reduce((area, extent) => area * Math.max(1, Math.floor(extent / 3)), 1);
    requireClassToken(encoder.patches, "ibot");
    const crops = multiCrop(modality, encoder, options);
    const head = dinoHead(width, options);
    return {
      views(sample, rng) {
        const { global, ...others } = crops(sample, rng);
        return { global, ...others, masks: global.map(() => drawMask(rng, grid, options, minBlock)) };
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
        const teacherOutput = head.apply(
          teacher.head,
          withoutDropping(() => encode(teacher.encoder, whole)),
        );
        const studentHead = withFrozenLast(params.head, progress, options);
        const masked = { at, token: params.maskToken };
        const studentOutput = head.apply(studentHead, encode(params.encoder, whole, { masked }));
        const fromLocal =
          local.length > 0 ? head.apply(studentHead, encodeCrops(encoder, params.encoder, [local])) : undefined;

        const teacherLogits = perCrop(classTokenOf(teacherOutput), global.length);
        const studentLogits = [
          ...perCrop(classTokenOf(studentOutput), global.length),
          ...(fromLocal ? perCrop(fromLocal, local.length) : []),
        ];
        const teacherTemperature = teacherTemperatureAt(progress, options);
        const temperatures = { teacherTemperature, studentTemperature };
        const ofClass = dinoLoss(teacherLogits, studentLogits, center, temperatures);
        const teacherPatches = ofPatches(teacherOutput, encoder.patches);
        const studentPatches = ofPatches(studentOutput, encoder.patches);
        const ofMasked = patchLoss(teacherPatches, studentPatches, at, patchCenter, temperatures);
        return {
          loss: np.add(ofClass, ofMasked),
          metrics: { classLoss: ofClass, patchLoss: ofMasked, masked: np.mean(at) },
          memory: {
            teacher,
            center: updateCenter(center, teacherLogits, { momentum: centerMomentum }),
            patchCenter: updateCenter(patchCenter, [teacherPatches], { momentum: centerMomentum }),
          },
        };
      },
      prototypes: ({ head: weights }, features) => head.apply(weights, features),
      afterStep: ({ encoder, head }, { teacher, ...centers }, { progress }) => ({
        teacher: momentumUpdate(teacher, { encoder, head }, cosineMomentum(progress, { start: momentum }), {
          statistics: "own",
        }),
        ...centers,
      }),
    };
  },
});
