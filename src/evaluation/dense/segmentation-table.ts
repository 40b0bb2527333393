import type { Overlap } from "../scores/overlap.ts";
import { alignColumns } from "../worth/table.ts";
import type { Segmentation } from "./segmentation.ts";

const percent = (share: number | null | undefined): string =>
  share === undefined || share === null ? "–" : `${(100 * share).toFixed(1)} %`;

/** Titles of the columns behind the name. */
export const SCORE_TITLES = ["linear, mean IoU", "linear, pixels", "kNN, mean IoU", "kNN, pixels"] as const;

/** A row of each contestant, in these columns. */
export const scoreRows = ({ scores }: Segmentation): string[][] =>
  scores.map(({ name, linear, knn, constant }) => {
    const cells = (overlap: Overlap | undefined) => [percent(overlap?.meanIoU), percent(overlap?.pixelAccuracy)];
    return [name, ...cells(linear ?? constant), ...cells(knn ?? constant)];
  });

/** IoU of each class by the linear probe, a row for each class, a column for each contestant. */
export function classRows({ scores, classes }: Segmentation): { titles: string[]; rows: string[][] } {
  const scored = scores.filter(({ linear }) => linear);
  return {
    titles: scored.map(({ name }) => name),
    rows: classes.map((name, label) => [name, ...scored.map(({ linear }) => percent(linear?.iou[label]))]),
  };
}

/** What a segmentation was measured on. */
export function aboutSegmentation({ train, test, grid, input, notes, classes }: Segmentation): string {
  const number = (count: number) => count.toLocaleString("en");
  const about = `${number(test.images)} test images, ${classes.length} classes; probes of ${number(train.patches)} patches of ${number(train.images)} training images. ${grid.join(" × ")} patches of ${input.join(" × ")} pixels.`;
  return [about, ...notes].join(" ");
}

/** A segmentation as tables for the terminal. */
export function segmentationTable(segmentation: Segmentation): string {
  const { titles, rows } = classRows(segmentation);
  return [
    alignColumns([["", ...SCORE_TITLES], ...scoreRows(segmentation)]),
    alignColumns([["IoU, linear probe", ...titles], ...rows]),
    aboutSegmentation(segmentation),
  ].join("\n\n");
}
