import { type Mask, NO_CLASS } from "../../data/targets/masks.ts";

/** How well predicted masks agree with true ones, over the pixels of all images together. */
export interface Overlap {
  /** Mean over the classes that occur, truly or predicted. */
  readonly meanIoU: number;
  /** Intersection over union of each class; null for one that does not occur. */
  readonly iou: readonly (number | null)[];
  readonly pixelAccuracy: number;
}

/** Counts of pixels, by true class and predicted one. */
export interface PixelCounts {
  readonly classes: number;
  /** `[true, predicted]` */
  readonly counts: Float64Array;
}

export const pixelCounts = (classes: number): PixelCounts => ({ classes, counts: new Float64Array(classes ** 2) });

/** Adds the pixels of one image; those without a class are left out. @param predicted of the same size */
export function addPixels({ classes, counts }: PixelCounts, truth: Mask, predicted: Mask): void {
  truth.data.forEach((label, pixel) => {
    if (label !== NO_CLASS) counts[label * classes + predicted.data[pixel]!]!++;
  });
}

/** Intersection over union, as in Pascal VOC: true positives over true positives, false positives and false negatives. */
export function overlapOf({ classes, counts }: PixelCounts): Overlap {
  const iou: (number | null)[] = [];
  let [correct, total] = [0, 0];
  for (let label = 0; label < classes; label++) {
    const hits = counts[label * classes + label]!;
    let [actual, predicted] = [0, 0];
    for (let other = 0; other < classes; other++) {
      actual += counts[label * classes + other]!;
      predicted += counts[other * classes + label]!;
    }
    const union = actual + predicted - hits;
    iou.push(union > 0 ? hits / union : null);
    correct += hits;
    total += actual;
  }
  const present = iou.filter((one) => one !== null);
  return { meanIoU: present.reduce((sum, one) => sum + one, 0) / present.length, iou, pixelAccuracy: correct / total };
}
