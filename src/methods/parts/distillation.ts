import * as z from "zod";
import { type Array, float32, lax, np, type Rng, sizeOf, type Tensor } from "../../array/index.ts";
import * as bounds from "../../foundation/bounds.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Circumstances, Followed, Preset, Recipe } from "../recipe.ts";
import { blockwiseMask, type Grid } from "./masks.ts";
import { smallCrops } from "./multi-crop.ts";
import { smallTraining, withoutBlur } from "./presets.ts";

/** Options shared by DINO, iBOT and DINOv2; the defaults are each paper's. */
export const distillationOptions = (defaults: {
  readonly prototypes: number;
  readonly momentum: number;
  /** 30 of 300 epochs by default. */
  readonly teacherWarmup?: number;
}) => ({
  prototypes: bounds.count().min(2).default(defaults.prototypes).describe("outputs of the head, the prototypes"),
  hiddenDim: bounds.width().default(2048).describe("width of the head's hidden layers"),
  bottleneckDim: bounds.width().default(256).describe("width of the head before the prototypes"),
  headLayers: bounds.depth().default(3).describe("layers of the head before the prototypes"),
  studentTemperature: z.number().positive().default(0.1).describe("temperature of the student; lower is sharper"),
  teacherTemperature: z.number().positive().default(0.07).describe("temperature of the teacher after its warm-up"),
  warmupTeacherTemperature: z.number().positive().default(0.04).describe("temperature of the teacher at the start"),
  teacherWarmup: z
    .number()
    .min(0)
    .max(1)
    .default(defaults.teacherWarmup ?? 0.1)
    .describe("share of the training over which the teacher's temperature rises"),
  momentum: z.number().min(0).max(1).default(defaults.momentum).describe("momentum of the teacher; rises to 1"),
  frozenPrototypes: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe("share of the training during which the prototypes are frozen"),
});

type Options = z.infer<z.ZodObject<ReturnType<typeof distillationOptions>>>;

/** Their preset `small`; only the width of the heads differs. */
export const smallDistillation = ({ hiddenDim }: { readonly hiddenDim: number }): Preset => ({
  summary: "1,024 prototypes, four local crops, a faster teacher, no blur; batches of 64",
  ...withoutBlur,
  options: {
    ...smallCrops,
    prototypes: 1024,
    hiddenDim,
    bottleneckDim: 128,
    teacherTemperature: 0.04,
    momentum: 0.98,
  },
  training: { ...smallTraining, batchSize: 64, learningRate: 5e-4, weightDecay: 0.04, gradientClip: 3 },
});

/** The recipe of DINO's and iBOT's code for 100 epochs. */
export const dinoRecipe = {
  ...{ optimizer: "adamw", baseLearningRate: 5e-4, weightDecay: 0.04, finalWeightDecay: 0.4, batchSize: 1024 },
  ...{ warmup: 0.1, finalLearningRate: 1e-6 / 2e-3, gradientClip: 3, clipBy: "parameter" },
} as const satisfies Recipe;

/** Batches for which the authors of DINO and iBOT advise a slower teacher. */
const SMALL_BATCH = 256;
const SLOW = 0.9995;

/** A teacher that small batches do not move too fast. */
export const slowerTeacher = ({ perUpdate }: Circumstances): readonly Followed[] =>
  perUpdate <= SMALL_BATCH
    ? [{ option: "momentum", value: SLOW, because: `the authors' advice for batches of ${SMALL_BATCH}` }]
    : [];

/** The teacher's temperature, scalar: rises linearly, then is constant. */
export function teacherTemperatureAt(progress: Array, options: Options): Array {
  const { warmupTeacherTemperature: start, teacherTemperature: end, teacherWarmup } = options;
  const risen = np.minimum(1, np.multiply(progress, 1 / Math.max(teacherWarmup, 1e-6)));
  return np.add(np.multiply(risen, end - start), start);
}

/**
 * The weights, without gradient before `share` of the training. The optimiser may still decay them: of prototypes only the
 * direction matters.
 */
export const frozenUntil = (weight: Array, progress: Array, share: number): Array =>
  share > 0 ? np.where(np.less(progress, share), lax.stopGradient(weight), weight) : weight;

/** A DINO head whose last layer is frozen at first. */
export const withFrozenLast = <Head extends { readonly last: { readonly weight: Array } }>(
  head: Head,
  progress: Array,
  { frozenPrototypes }: Pick<Options, "frozenPrototypes">,
): Head => ({ ...head, last: { weight: frozenUntil(head.last.weight, progress, frozenPrototypes) } });

/** Options of iBOT's masks, shared by DINOv2; the defaults are the released code's. */
export const maskOptions = {
  maskProbability: z.number().min(0).max(1).default(0.5).describe("share of the global crops that are masked"),
  maskRatio: z
    .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
    .default([0.1, 0.5])
    .describe("smallest and largest share of masked patches"),
};

/**
 * iBOT's mask of a crop: none, or blocks that cover a random share of it.
 * @param minBlock fewest patches of a block
 * @returns float32 `[patches]`, 1 for masked patches
 */
export function drawMask(
  rng: Rng,
  grid: Grid,
  { maskProbability, maskRatio }: z.infer<z.ZodObject<typeof maskOptions>>,
  minBlock: number,
): Tensor {
  const count = sizeOf(grid);
  const mask = new Float32Array(count);
  if (rng.chance(maskProbability)) {
    const hidden = Math.round(rng.uniform(maskRatio[0], maskRatio[1]) * count);
    for (const place of blockwiseMask(rng, grid, hidden, { minBlock })) mask[place] = 1;
  }
  return float32(mask, [count]);
}

/** @throws UserError unless the encoder has a class token */
export function requireClassToken(
  { prefix, classTokens = prefix }: { readonly prefix: number; readonly classTokens?: number },
  method: string,
): void {
  if (classTokens !== 1)
    throw new UserError(`${method} reads the class token; give the encoder one by --pooling class`);
}

/** The class token `[batch, width]` of tokens `[batch, 1 + patches, width]`. */
export const classTokenOf = (tokens: Array): Array => np.reshape(np.split(tokens, [1], 1)[0]!, [-1, tokens.shape[2]!]);
