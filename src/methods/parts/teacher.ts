import { type Array, np, type Tree, tree } from "../../array/index.ts";
import { isStatistic } from "../../layers/scope.ts";

/**
 * A momentum teacher, the moving average of its student: each leaf becomes momentum · teacher + (1 − momentum) · student.
 * Mean Teacher, Tarvainen & Valpola 2017, https://arxiv.org/abs/1703.01780
 * @param teacher from the memory
 * @param student the trained parameters, of exactly the same structure
 * @param momentum in [0, 1], a scalar if it is an array
 * @param options.statistics BatchNorm's running statistics: `averaged` like weights, for a teacher in evaluation mode
 * (EMAN, https://arxiv.org/abs/2101.08482), by default; or the teacher's `own`, of what it saw in training mode, as
 * where the papers' code averages parameters and leaves buffers alone
 * @throws Error when the two trees differ in their paths
 */
export function momentumUpdate<Params extends Tree<Array>>(
  teacher: Params,
  student: Params,
  momentum: Array | number,
  { statistics = "averaged" }: { readonly statistics?: "own" | "averaged" } = {},
): Params {
  const students = new Map(tree.entries<Array>(student));
  const share = np.subtract(1, momentum);
  const updated = tree.entries<Array>(teacher).map(([path, leaf]) => {
    const target = students.get(path);
    if (!target) throw new Error(`the teacher has ${path || "a leaf"}, its student has not`);
    if (statistics === "own" && isStatistic(path)) return leaf;
    return np.add(np.multiply(leaf, momentum), np.multiply(target, share));
  });
  if (students.size !== updated.length)
    throw new Error(`the teacher has ${updated.length} leaves, its student ${students.size}`);
  return tree.unflatten<Array>(teacher, updated) as Params;
}

/**
 * Momentum from `start` to `end` along half a cosine, as in BYOL (https://arxiv.org/abs/2006.07733):
 * end − (end − start) · (cos(π · progress) + 1) / 2.
 * @param progress fraction of the training done, scalar in [0, 1]
 * @returns scalar
 */
export function cosineMomentum(progress: Array, { start, end = 1 }: { start: number; end?: number }): Array {
  const remaining = np.multiply(np.add(np.cos(np.multiply(progress, Math.PI)), 1), 0.5);
  return np.subtract(end, np.multiply(remaining, end - start));
}

/**
 * Momentum from `start` to `end`, linear, as in I-JEPA's code (https://github.com/facebookresearch/ijepa).
 * @param progress fraction of the training done, scalar in [0, 1]
 * @returns scalar
 */
export const linearMomentum = (progress: Array, { start, end = 1 }: { start: number; end?: number }): Array =>
  np.add(np.multiply(progress, end - start), start);
