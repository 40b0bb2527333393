import { type Array, lax, nn, np } from "../../array/index.ts";
import { sinkhorn } from "./sinkhorn.ts";

/**
 * SwAV: the assignment of one view to the prototypes is predicted from every other view. Caron et al. 2020,
 * https://arxiv.org/abs/2006.09882, as in https://github.com/facebookresearch/swav: assignments come from the
 * high-resolution views only, each by Sinkhorn–Knopp over the batch; per such view the cross-entropies with all other
 * views are averaged, and then over these views. As there, no gradient flows through the assignments.
 * @param highResolutionLogits scores of prototypes, one `[batch, prototypes]` per view; assignments come from these
 * @param lowResolutionLogits the same for the small crops, if any
 * @param options.queue for each high-resolution view the scores of queued samples, `[queued, prototypes]`, which
 *   take part in balancing the assignments
 * @param options.queueInUse scalar, 0 while the queue is not in use yet; 1 by default
 * @returns scalar
 */
export function swav(
  highResolutionLogits: readonly Array[],
  lowResolutionLogits: readonly Array[],
  options: {
    temperature: number;
    sinkhornIterations: number;
    sinkhornEpsilon: number;
    queue?: readonly Array[];
    queueInUse?: Array;
  },
): Array {
  const { temperature, sinkhornIterations: iterations, sinkhornEpsilon: epsilon, queue, queueInUse } = options;
  const views = [...highResolutionLogits, ...lowResolutionLogits];
  if (highResolutionLogits.length < 1 || views.length < 2) throw new Error("swav: there are no two views to compare");
  const predictions = views.map((logits) => nn.logSoftmax(np.multiply(logits, 1 / temperature), -1));
  const perView = highResolutionLogits.map((logits, assigned) => {
    const queued = queue?.[assigned];
    const scores = lax.stopGradient(queued ? np.concatenate([queued, logits], 0) : logits);
    const counted =
      queued &&
      queueInUse &&
      np.concatenate([np.broadcastTo(queueInUse, [queued.shape[0]!]), np.ones([logits.shape[0]!])], 0);
    const assignments = sinkhorn(scores, { iterations, epsilon, ...(counted ? { counted } : {}) });
    const assignment = queued ? np.split(assignments, [queued.shape[0]!], 0)[1]! : assignments;
    const agreements = predictions
      .filter((_, view) => view !== assigned)
      .map((prediction) => np.mean(np.sum(np.multiply(assignment, prediction), -1)));
    return np.multiply(
      agreements.reduce((sum, next) => np.add(sum, next)),
      -1 / (views.length - 1),
    );
  });
  return np.multiply(
    perView.reduce((sum, next) => np.add(sum, next)),
    1 / highResolutionLogits.length,
  );
}
