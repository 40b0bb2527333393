import * as z from "zod";
import { float32, np } from "../array/index.ts";
import { offerOf } from "../data/ability.ts";
import type { TensorRecord } from "../data/modality.ts";
import { targets } from "../data/targets/ability.ts";
import { scaled } from "../data/targets/scales.ts";
import { perturb, type Sample } from "../data/views.ts";
import * as bounds from "../foundation/bounds.ts";
import { UserError } from "../foundation/errors.ts";
import { mlp } from "../layers/heads/mlp.ts";
import { squaredError } from "../objectives/restoration/pixels.ts";
import { binaryCrossEntropy } from "../objectives/supervised/binary-cross-entropy.ts";
import { method } from "./method.ts";

/** Values with 0 for NaN, and under the name with `There` behind it 1 for the others. */
const known = (name: string, values: readonly number[]): TensorRecord => ({
  [name]: float32(
    values.map((value) => (Number.isFinite(value) ? value : 0)),
    [values.length],
  ),
  [`${name}There`]: float32(
    values.map((value) => Number(Number.isFinite(value))),
    [values.length],
  ),
});

/**
 * Descriptor prediction: values that a program computes of a sample are the labels: a fingerprint's bits, descriptors.
 * ChemBERTa-2's multi-task regression, Ahmad et al. 2022, https://arxiv.org/abs/2209.01712. Each number is scaled to mean 0 and
 * deviation 1 over the training data, as in the paper, and its squared error is averaged with all others'.
 *
 * Differs from the paper: tails are cut first; numbers that cannot be computed are left out; there may be bits, with binary
 * cross-entropy, whose mean is added; the head has a hidden layer if `--hidden-dim` is given. The paper predicts 200 descriptors
 * of RDKit with a RoBERTa on SMILES.
 */
export const descriptorPrediction = method({
  name: "descriptor-prediction",
  family: "predictive",
  paper: "https://arxiv.org/abs/2209.01712",
  summary: "predict values that can be computed of a sample: fingerprints, descriptors",
  needs: [targets],
  options: z.object({
    targets: z
      .array(z.string().min(1).max(1000))
      .max(1000)
      .default([])
      .describe("names of the groups of values to predict; all by default"),
    hiddenDim: bounds.width().optional().describe("width of a hidden layer of the head; none by default"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0.01, batchSize: 256 },
  modalityOptions: { compute: true },
  presets: {
    small: {
      summary: "batches of 128",
      lightViews: true,
      training: { learningRate: 1e-3, batchSize: 128, gradientClip: 1 },
    },
  },

  build({ encoder, modality, options }) {
    const { groups, of } = modality.targets;
    const missing = options.targets.find((name) => !groups.some((group) => group.name === name));
    if (missing !== undefined)
      throw new UserError(
        `descriptor-prediction: there is no ${missing} to predict; there is ${groups.map(({ name }) => name).join(", ")}`,
      );
    const wanted = groups.filter(({ name }) => options.targets.length === 0 || options.targets.includes(name));
    if (wanted.length === 0) throw new UserError("descriptor-prediction: this data has nothing to predict");
    const ofType = (type: "bits" | "numbers") => wanted.filter((group) => group.type === type);
    const sizeOf = (type: "bits" | "numbers") => ofType(type).reduce((sum, { size }) => sum + size, 0);
    const [bits, numbers] = [sizeOf("bits"), sizeOf("numbers")];
    const lightly = offerOf(modality, perturb) ?? ((sample: Sample) => sample);
    const widths = [encoder.embedDim, ...(options.hiddenDim ? [options.hiddenDim] : []), bits + numbers];
    const head = mlp(widths, { norm: false });

    /** The values of all groups of a type, in the order of `wanted`; numbers are scaled, what a sample has not is NaN. */
    const computed = (sample: Sample, type: "bits" | "numbers"): number[] =>
      ofType(type).flatMap(({ name, size, scales }) => {
        const values = of(sample, name) ?? new Float32Array(size).fill(Number.NaN);
        return [...(scales ? scaled(values, scales) : values)];
      });
    /** What there is to predict of either type, `bits` and `numbers`, 0 where a sample has none, and where it has them, 1. */
    const labels = (sample: Sample): TensorRecord => ({
      ...(bits && known("bits", computed(sample, "bits"))),
      ...(numbers && known("numbers", computed(sample, "numbers"))),
    });

    return {
      views: (sample, rng) => ({ input: modality.tensors(lightly(sample, rng)), labels: labels(sample) }),
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss(params, { input, labels }) {
        const output = head.apply(params.head, encoder.apply(params.encoder, input));
        const [ofBits, ofNumbers] = bits && numbers ? np.split(output, [bits], 1) : [output, output];
        const bitLoss = bits ? binaryCrossEntropy(ofBits!, labels.bits!, { weights: labels.bitsThere! }) : undefined;
        const numberLoss = numbers
          ? squaredError(ofNumbers!, labels.numbers!, { weights: labels.numbersThere! })
          : undefined;
        const [first, second] = [bitLoss, numberLoss].filter((loss) => loss !== undefined);
        return {
          loss: second ? np.add(first!, second) : first!,
          metrics: { ...(bitLoss && { bitLoss }), ...(numberLoss && { squaredError: numberLoss }) },
        };
      },
    };
  },
});
