import * as z from "zod";
import { type Array, constant, lax, np, type Rng, sizeOf, type Traced } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import type { TensorRecord } from "../data/modality.ts";
import { perturb, type Sample } from "../data/views.ts";
import type { InitialParams, Params } from "../encoders/encoder.ts";
import { UserError } from "../foundation/errors.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { inEvaluation } from "../layers/scope.ts";
import { resizePositions } from "../layers/transformer/positions.ts";
import { negativeCosine } from "../objectives/non-contrastive/negative-cosine.ts";
import { embeddingDeviation } from "../objectives/parts/deviation.ts";
import { smoothL1 } from "../objectives/restoration/smooth-l1.ts";
import type { FileFeatures } from "./frozen.ts";
import { method } from "./method.ts";
import { gridMap } from "./parts/feature-map.ts";
import { smallTraining } from "./parts/presets.ts";

/** Shares of cosine and smooth L1 in the loss of patches: AM-RADIO's. */
const [COSINE, SMOOTH_L1] = [0.9, 0.1];

const FEATURES: Readonly<Record<"global" | "patches" | "both", readonly FileFeatures[]>> = {
  global: ["global"],
  patches: ["patches"],
  both: ["global", "patches"],
};

/** A sample's view and, where the teacher is a file, what it says of it. */
type Views = { readonly view: TensorRecord; readonly targets?: TensorRecord };

/**
 * SimReg: a small encoder regresses the features of a large, pre-trained and frozen one.
 * Navaneet, Koohpayegani, Tejankar & Pirsiavash 2021, https://arxiv.org/abs/2201.05131; the head, the loss and the recipe
 * are those of https://github.com/UCDvision/simreg: one weakly augmented view for both, ‖p − t‖² = 2 − 2 cos of unit
 * vectors, a head that is discarded afterwards. Differs from the paper: the teacher runs in evaluation mode; a linear head
 * has no BatchNorm before it; data without weak augmentation are used unchanged.
 *
 * With `--features patches` or `both` each patch's features are regressed, too, by a head of their own: 0.9 (1 − cos) + 0.1
 * smooth L1, AM-RADIO's loss of spatial features (Ranzinger, Heinrich, Kautz & Molchanov 2024,
 * https://arxiv.org/abs/2312.06709). Where the grids differ, the teacher's is resized to the student's by cubic
 * interpolation.
 *
 * The teacher is a run or a published model, which is part of the compiled step, or an ONNX file of any program, which is
 * run on the batch ahead of it. Its features are those of the very view that the student sees, computed anew at every step,
 * not once an image: teachers that see another crop than the student teach less (Beyer et al. 2022,
 * https://arxiv.org/abs/2106.05237), and features of patches of all images do not fit into memory.
 */
export const distill = method({
  name: "distill",
  family: "distillation",
  paper: "https://arxiv.org/abs/2201.05131",
  summary: "predict the features of a finished model's encoder by a smaller one; needs a model as --teacher",
  needs: [],
  options: z.object({
    teacher: z
      .string()
      .optional()
      .describe(
        "the teacher, on the same kind of data: a run, a published model's folder or id on the Hub, an ONNX file",
      ),
    headLayers: z
      .union([z.literal(1), z.literal(2), z.literal(4)])
      .default(4)
      .describe("layers from the encoder's features to the teacher's: 1, 2 or 4"),
    features: z
      .enum(["global", "patches", "both"])
      .default("global")
      .describe("what is predicted: the teacher's features of samples, of patches, or both"),
  }),
  runs: ["teacher"],
  recipe: { optimizer: "sgd", baseLearningRate: 0.05, weightDecay: 1e-4, batchSize: 256 },
  presets: {
    small: {
      summary: "AdamW, batches of 128",
      training: smallTraining,
    },
  },

  build({ encoder, modality, options: { headLayers, features }, runs, files }) {
    const [run, file] = [runs?.teacher, files?.teacher];
    if (!run && !file) throw new UserError("distill: give a finished run or model as --teacher");
    const wanted = FEATURES[features];
    const perturbed = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const [hasGlobal, hasPatches] = [wanted.includes("global"), wanted.includes("patches")];
    const map = hasPatches ? gridMap(encoder, "distill") : undefined;
    const taught = hasPatches && run ? gridMap(run.encoder, "distill (the teacher)") : undefined;

    // Not where a thread only makes views: there a file says nothing of its features.
    const heads = () => {
      const width = run?.encoder.embedDim ?? file?.global;
      const spatial = taught ? { width: taught.channels, grid: taught.extents } : file?.patches;
      const lacks = (what: string) => new UserError(`${file?.path}: gives no features of ${what} to learn from`);
      if (width === undefined && hasGlobal) throw lacks("samples");
      if (!spatial && hasPatches) throw lacks("patches");
      return {
        global: width !== undefined && hasGlobal ? headOf(encoder.embedDim, width, headLayers) : undefined,
        patches: map && spatial ? { ...spatial, head: headOf(map.channels, spatial.width, headLayers) } : undefined,
      };
    };
    const targetsOf = (frozen: Params, { view, targets }: Traced<Views>): Readonly<Record<string, Array>> => {
      if (!run) return targets ?? {};
      return inEvaluation(() => ({
        ...(hasGlobal ? { global: run.encoder.apply(frozen, view) } : {}),
        ...(taught ? { patches: cells(taught.apply(frozen, view), taught) } : {}),
      }));
    };
    return {
      views: (sample, rng): Views => ({ view: modality.tensors(perturbed(sample, rng)) }),
      ...(file ? { ahead: async ({ view }: Views) => ({ view, targets: await file.run(view, wanted) }) } : {}),
      init: (rng) => {
        const { global, patches } = heads();
        return {
          encoder: encoder.init(rng.split("encoder")),
          ...(global ? { head: global.init(rng.split("head")) } : {}),
          ...(patches ? { patchHead: patches.head.init(rng.split("patches")) } : {}),
        };
      },
      initMemory: (_): { readonly teacher: InitialParams } => ({ teacher: run?.params.encoder ?? {} }),
      loss(params, batch, { teacher }) {
        const { global, patches } = heads();
        const targets = targetsOf(teacher, batch);
        const z = encoder.apply(params.encoder, batch.view);
        const losses: Array[] = [];
        const metrics: Record<string, Array> = {};
        if (global && params.head && targets.global) {
          const target = lax.stopGradient(targets.global);
          const cosine = np.negative(negativeCosine(global.apply(params.head, z), target));
          losses.push(np.subtract(2, np.multiply(cosine, 2)));
          metrics.cosine = cosine;
        }
        if (patches && map && params.patchHead && targets.patches) {
          const { head, width, grid } = patches;
          const tokens = cells(map.apply(params.encoder, batch.view), map);
          const predicted = head.apply(params.patchHead, np.reshape(tokens, [-1, map.channels]));
          const target = np.reshape(lax.stopGradient(resized(targets.patches, grid, map.extents)), [-1, width]);
          const patchCosine = np.negative(negativeCosine(predicted, target));
          const distance = smoothL1(predicted, target, { beta: 1 });
          losses.push(np.add(np.multiply(np.subtract(1, patchCosine), COSINE), np.multiply(distance, SMOOTH_L1)));
          metrics.patchCosine = patchCosine;
        }
        return {
          loss: losses.reduce((sum, loss) => np.add(sum, loss)),
          metrics: { ...metrics, deviation: embeddingDeviation(z) },
        };
      },
    };
  },
});

/** `[batch, channels, ...extents]` → `[batch, cells, channels]`. */
const cells = (map: Array, { channels, extents }: { readonly channels: number; readonly extents: readonly number[] }) =>
  np.transpose(np.reshape(map, [-1, channels, sizeOf(extents)]), [0, 2, 1]);

/** Features of patches, `[batch, patches, width]`, on another grid. */
function resized(features: Array, from: readonly number[], to: readonly number[]): Array {
  if (from.join() === to.join()) return features;
  if (from.length !== to.length)
    throw new UserError(
      `distill: the teacher's patches lie on a grid of ${from.length} axes, the encoder's on ${to.length}`,
    );
  const matrix = constant(resizePositions(from, to, { antialias: true }));
  const moved = np.matmul(np.transpose(features, [0, 2, 1]), np.transpose(matrix));
  return np.transpose(moved, [0, 2, 1]);
}

/**
 * From the student's representation to the teacher's. Four layers are a projection and a prediction head of two each, as
 * in `mlp_arch.py`: BatchNorm and ReLU after the first and the third.
 */
function headOf(width: number, target: number, layers: 1 | 2 | 4) {
  const widths = {
    1: [[width, target]],
    2: [[width, 2 * width, target]],
    4: [
      [width, 2 * width, width],
      [width, 2 * width, target],
    ],
  };
  const parts = widths[layers].map((layerWidths) => mlp(layerWidths));
  const init = (rng: Rng) => parts.map((part, index) => part.init(rng.split("part", index)));
  return {
    init,
    apply: (params: Traced<ReturnType<typeof init>>, x: Array): Array =>
      parts.reduce((input, part, index) => part.apply(params[index]!, input), x),
  };
}
