import * as z from "zod";
import { np } from "../../../array/index.ts";
import { linear } from "../../../layers/linear.ts";
import { method } from "../../../methods/method.ts";
import { columnReconstruction } from "../../../objectives/restoration/columns.ts";
import { binaryCrossEntropy } from "../../../objectives/supervised/binary-cross-entropy.ts";
import { columns } from "../abilities.ts";

/**
 * VIME: from a row in which some columns have the values of other rows, estimate which those are, and what they were.
 * Yoon et al. 2020, https://proceedings.neurips.cc/paper/2020/hash/7d97667a3e056acab9aaf653807b4a03-Abstract.html. Its
 * self-supervised part; a few labels come later, by fine-tuning. The mask says which values differ, as in the authors' code
 * (https://github.com/jsyoon0823/VIME): a value that is drawn for itself is not corrupted. Both estimators are linear.
 *
 * Differs from the paper: every encoder of columns, not one layer; numbers are scaled by rank or deviation, not to [0, 1];
 * whether a number is there is reconstructed, too; corrupted columns have values of 1,000 random rows, not of all.
 */
export const vime = method({
  name: "vime",
  family: "masked",
  paper: "https://proceedings.neurips.cc/paper/2020/hash/7d97667a3e056acab9aaf653807b4a03-Abstract.html",
  summary: "estimate which columns of a row were corrupted, and restore them",
  needs: [columns],
  options: z.object({
    corruption: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.3)
      .describe("probability that a column has the value of another row (p_m)"),
    alpha: z.number().nonnegative().default(2).describe("weight of the restored values beside the mask's loss (α)"),
  }),
  recipe: { optimizer: "adamw", baseLearningRate: 1e-3, weightDecay: 0, batchSize: 128 },
  presets: {
    small: {
      summary: "batches of 128",
      lightViews: true,
      training: { optimizer: "adamw", learningRate: 1e-3, weightDecay: 1e-4, batchSize: 128 },
    },
  },

  build({ encoder, modality, options: { corruption, alpha } }) {
    const { sizes, areNumbers, corrupt } = modality.columns;
    const codes = sizes.reduce((sum, size) => sum + size, 0);
    const mask = linear(encoder.embedDim, sizes.length);
    const values = linear(encoder.embedDim, sizes.length);
    const logits = linear(encoder.embedDim, codes);
    return {
      views: (sample, rng) => ({
        clean: modality.tensors(sample),
        corrupted: modality.tensors(corrupt(sample, rng, corruption)),
      }),
      init: (rng) => ({
        encoder: encoder.init(rng.split("encoder")),
        mask: mask.init(rng.split("mask")),
        values: values.init(rng.split("values")),
        logits: logits.init(rng.split("logits")),
      }),
      loss(params, { clean, corrupted }) {
        const hidden = encoder.apply(params.encoder, corrupted);
        const differ = np.logicalOr(
          np.notEqual(clean.values!, corrupted.values!),
          np.notEqual(clean.codes!, corrupted.codes!),
        );
        const wasCorrupted = np.where(differ, 1, 0);
        const estimated = mask.apply(params.mask, hidden);
        const maskLoss = binaryCrossEntropy(estimated, wasCorrupted);
        const restored = {
          values: values.apply(params.values, hidden),
          logits: logits.apply(params.logits, hidden),
        };
        const restoration = columnReconstruction(
          restored,
          { values: clean.values!, codes: clean.codes! },
          { sizes, areNumbers },
        );
        const isRight = np.where(np.equal(np.greater(estimated, 0), differ), 1, 0);
        return {
          loss: np.add(maskLoss, np.multiply(restoration, alpha)),
          metrics: { maskAccuracy: np.mean(isRight), restoration },
        };
      },
    };
  },
});
