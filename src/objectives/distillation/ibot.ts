import { type Array, nn, np } from "../../array/index.ts";
import { centred, type DistillationTemperatures } from "./dino.ts";

/**
 * iBOT's patch loss: at masked patches the student's distribution follows the teacher's, which sees them. Zhou et al. 2021,
 * https://arxiv.org/abs/2111.07832, as in https://github.com/bytedance/ibot: per image the mean over its masked patches
 * (0 if there are none), then the mean over images. As there, no gradient flows to the teacher's logits or the centre.
 * @param teacherLogits `[images, patches, prototypes]`
 * @param studentLogits `[images, patches, prototypes]`
 * @param mask `[images, patches]`, 1 where the student saw the mask token
 * @param center `[prototypes]`
 * @returns scalar
 */
export const ibot = (
  teacherLogits: Array,
  studentLogits: Array,
  mask: Array,
  center: Array,
  { teacherTemperature, studentTemperature }: DistillationTemperatures,
): Array =>
  patchDistillation(centred(teacherLogits, center, teacherTemperature), studentLogits, mask, { studentTemperature });

/**
 * iBOT's loss for any target distributions.
 * @param targets `[images, patches, prototypes]`, summing to 1 over the last axis
 * @returns scalar
 */
export function patchDistillation(
  targets: Array,
  studentLogits: Array,
  mask: Array,
  { studentTemperature }: { studentTemperature: number },
): Array {
  const predictions = nn.logSoftmax(np.multiply(studentLogits, 1 / studentTemperature), -1);
  const perPatch = np.multiply(np.sum(np.multiply(targets, predictions), -1), mask);
  const perImage = np.multiply(np.sum(perPatch, -1), np.reciprocal(np.maximum(np.sum(mask, -1), 1)));
  return np.negative(np.mean(perImage));
}
