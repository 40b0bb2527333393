import type { Curve } from "../label-curves.ts";
import type { LabelEfficiency } from "../label-efficiency.ts";
import { rowsAndColumns } from "../label-summary.ts";
import { contenderNames, grouped } from "./label-charts.ts";
import { accuracyInWords } from "./label-words.ts";
import { alignColumns } from "./table.ts";

/** Accuracies against labels for the terminal. */
export function labelTable({ curves, chance, test, classes, settings }: LabelEfficiency): string {
  const { rows, counts } = rowsAndColumns(curves);
  const cells = (curve: Curve) =>
    counts.map((count) => {
      const point = curve.find(({ labels }) => labels === count);
      return point ? accuracyInWords(point) : "–";
    });
  const table = [
    ["labels", ...counts.map(grouped)],
    ...rows.map(([contender, curve]) => [contenderNames[contender], ...cells(curve)]),
  ];
  return `${alignColumns(table)}\n\nAccuracy on ${grouped(test.labelled)} test samples of ${classes.length} classes, ${settings.draws === 1 ? "one draw" : `mean ± deviation over ${settings.draws} draws`}; always the commonest class: ${(100 * chance).toFixed(1)} %.`;
}
