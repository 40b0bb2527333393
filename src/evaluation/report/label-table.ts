import { contenders } from "../label-cells.ts";
import type { LabelEfficiency } from "../label-efficiency.ts";
import { contenderNames, grouped } from "./label-charts.ts";
import { alignColumns } from "./table.ts";

/** Accuracies against labels for the terminal. */
export function labelTable({ curves, chance, test, classes, settings }: LabelEfficiency): string {
  const there = contenders.filter((contender) => curves[contender]);
  const counts = [...new Set(there.flatMap((contender) => curves[contender]!.map(({ labels }) => labels)))];
  counts.sort((a, b) => a - b);
  const rows = [
    ["labels", ...counts.map(grouped)],
    ...there.map((contender) => [
      contenderNames[contender],
      ...counts.map((count) => {
        const point = curves[contender]!.find(({ labels }) => labels === count);
        return point ? `${(100 * point.mean).toFixed(1)} ± ${(100 * point.deviation).toFixed(1)} %` : "–";
      }),
    ]),
  ];
  return `${alignColumns(rows)}\n\nAccuracy on ${grouped(test.labelled)} test samples of ${classes.length} classes, mean ± deviation over ${settings.draws} ${settings.draws === 1 ? "draw" : "draws"}; always the commonest class: ${(100 * chance).toFixed(1)} %.`;
}
