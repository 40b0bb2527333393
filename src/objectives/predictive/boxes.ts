import { type Array, np } from "../../array/index.ts";

/** Left, top, right and bottom, `[rows, 1]` each, of boxes `[rows, 4]` given by centre and size. */
function corners(boxes: Array): { left: Array; top: Array; right: Array; bottom: Array } {
  const [x, y, width, height] = np.split(boxes, 4, 1) as [Array, Array, Array, Array];
  const [across, down] = [np.multiply(width, 0.5), np.multiply(height, 0.5)];
  return { left: np.subtract(x, across), top: np.subtract(y, down), right: np.add(x, across), bottom: np.add(y, down) };
}

/** Intersection over union, and the generalised IoU of Rezatofighi et al. 2019 (https://arxiv.org/abs/1902.09630). */
function overlap(first: Array, second: Array): { iou: Array; generalized: Array } {
  const [a, b] = [corners(first), corners(second)];
  const area = ({ left, top, right, bottom }: typeof a) =>
    np.multiply(np.maximum(np.subtract(right, left), 0), np.maximum(np.subtract(bottom, top), 0));
  const shared = area({
    left: np.maximum(a.left, b.left),
    top: np.maximum(a.top, b.top),
    right: np.minimum(a.right, b.right),
    bottom: np.minimum(a.bottom, b.bottom),
  });
  const around = area({
    left: np.minimum(a.left, b.left),
    top: np.minimum(a.top, b.top),
    right: np.maximum(a.right, b.right),
    bottom: np.maximum(a.bottom, b.bottom),
  });
  const union = np.subtract(np.add(area(a), area(b)), shared);
  const share = (part: Array, whole: Array) => np.multiply(part, np.reciprocal(np.add(whole, 1e-7)));
  const iou = share(shared, union);
  return { iou, generalized: np.subtract(iou, share(np.subtract(around, union), around)) };
}

/**
 * DETR's box loss: `l1` × Σ |difference| + `giou` × (1 − generalised IoU), the mean over boxes.
 * Carion et al. 2020, https://arxiv.org/abs/2005.12872, whose weights are 5 and 2
 * @param prediction `[rows, 4]`: centre x, centre y, width, height, as shares of the image
 * @param target the same
 * @returns scalar
 */
export function boxLoss(prediction: Array, target: Array, { l1, giou }: { l1: number; giou: number }): Array {
  const distance = np.mean(np.sum(np.abs(np.subtract(prediction, target)), -1));
  const miss = np.subtract(1, np.mean(overlap(prediction, target).generalized));
  return np.add(np.multiply(distance, l1), np.multiply(miss, giou));
}

/** Intersection over union, the mean over boxes, scalar in [0, 1]; arguments as `boxLoss`'. */
export const meanIou = (prediction: Array, target: Array): Array => np.mean(overlap(prediction, target).iou);
