import { type Array, lax, nn, np } from "../../array/index.ts";

export interface DistillationTemperatures {
  /** Temperature of the teacher's distribution; lower is sharper. An array must be a scalar. */
  readonly teacherTemperature: number | Array;
  readonly studentTemperature: number;
}

/**
 * The teacher's distribution, centred and sharpened: softmax((logits − center) / temperature) over the last axis, without
 * gradient.
 */
export const centred = (logits: Array, center: Array, temperature: number | Array): Array =>
  lax.stopGradient(
    nn.softmax(
      np.multiply(
        np.subtract(logits, center),
        typeof temperature === "number" ? 1 / temperature : np.reciprocal(temperature),
      ),
      -1,
    ),
  );

/**
 * DINO: the student's distribution over prototypes follows the teacher's, across views. Caron et al. 2021,
 * https://arxiv.org/abs/2104.14294, as in https://github.com/facebookresearch/dino: the mean cross-entropy over
 * all pairs of a teacher's view and another view of the student. As there, no gradient flows to the
 * teacher's logits or the centre.
 * @param teacherLogits `[batch, prototypes]` per global view
 * @param studentLogits `[batch, prototypes]` per view, the global ones first
 * @param center `[prototypes]` or `[1, prototypes]`
 * @returns scalar
 */
export function dino(
  teacherLogits: readonly Array[],
  studentLogits: readonly Array[],
  center: Array,
  { teacherTemperature, studentTemperature }: DistillationTemperatures,
): Array {
  const targets = teacherLogits.map((logits) => centred(logits, center, teacherTemperature));
  return distillation(targets, studentLogits, { studentTemperature });
}

/**
 * DINO's loss for any target distributions: DINOv2's come from Sinkhorn–Knopp.
 * @param targets `[batch, prototypes]` per global view, rows that sum to 1
 * @param studentLogits `[batch, prototypes]` per view, the global ones first
 * @returns scalar
 */
export function distillation(
  targets: readonly Array[],
  studentLogits: readonly Array[],
  { studentTemperature }: { studentTemperature: number },
): Array {
  const predictions = studentLogits.map((logits) => nn.logSoftmax(np.multiply(logits, 1 / studentTemperature), -1));
  const pairs = targets.flatMap((target, teacherView) =>
    predictions
      .filter((_, view) => view !== teacherView)
      .map((prediction) => np.mean(np.sum(np.multiply(target, prediction), -1))),
  );
  if (pairs.length === 0) throw new Error("dino: there are no two views to compare");
  return np.multiply(
    pairs.reduce((sum, next) => np.add(sum, next)),
    -1 / pairs.length,
  );
}

/**
 * The centre after a batch: momentum · center + (1 − momentum) · the mean of the teacher's logits over all views.
 * @param center `[prototypes]`
 * @param teacherLogits `[…, prototypes]` per view
 * @param options.momentum 0.9 in DINO
 * @returns `[prototypes]`
 */
export function updateCenter(
  center: Array,
  teacherLogits: readonly Array[],
  { momentum }: { momentum: number },
): Array {
  const rows = np.concatenate(
    teacherLogits.map((logits) => np.reshape(logits, [-1, logits.shape.at(-1)!])),
    0,
  );
  return np.add(np.multiply(center, momentum), np.multiply(lax.stopGradient(np.mean(rows, 0)), 1 - momentum));
}
