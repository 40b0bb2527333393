import { grouped } from "../scores/format.ts";
import { contenderNames } from "../worth/names.ts";
import { alignColumns } from "../worth/table.ts";
import type { LabelEfficiency } from "./facts.ts";
import { rowsAndColumns } from "./label-summary.ts";
import { capitalized, formatPoint, formatScore, measureText } from "./measure-text.ts";
import type { Curve } from "./savings/label-curves.ts";

/** Scores at each number of labels, as a table for the terminal. */
export function labelTable({ task, outputs, curves, chance, test, settings }: LabelEfficiency): string {
  const { rows, counts } = rowsAndColumns(curves);
  const cells = (curve: Curve) =>
    counts.map((count) => {
      const point = curve.find(({ labels }) => labels === count);
      return point ? formatPoint(task, point) : "–";
    });
  const { name, of, chance: baseline } = measureText[task];
  const table = [
    ["labels", ...counts.map(grouped)],
    ...rows.map(([contender, curve]) => [contenderNames[contender], ...cells(curve)]),
  ];
  return `${alignColumns(table)}\n\n${capitalized(name)} on ${grouped(test.labelled)} test samples ${of(outputs.length)}, ${settings.draws === 1 ? "one draw" : `mean ± deviation over ${settings.draws} draws`}; ${baseline}: ${formatScore(task, chance)}.`;
}
