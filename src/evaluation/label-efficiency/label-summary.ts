import type { Curves, LabelEfficiency } from "./facts.ts";
import { type CellResult, type Contender, contenders } from "./label-cells.ts";
import { poolPredictions } from "./label-predictions.ts";
import { bestOf, type Curve, curveOf, doubtsOf, labelsSaved, savings } from "./savings/label-curves.ts";
import { savingInterval } from "./savings/saving-interval.ts";

/** The rows of a table (contenders with their curves) and its columns (numbers of labels). */
export function rowsAndColumns(curves: Curves): { rows: (readonly [Contender, Curve])[]; counts: number[] } {
  const rows = contenders.flatMap((contender) => {
    const curve = curves[contender];
    return curve ? [[contender, curve] as const] : [];
  });
  const counts = new Set(rows.flatMap(([, curve]) => curve.map(({ labels }) => labels)));
  return { rows, counts: [...counts].sort((a, b) => a - b) };
}

/** Summarises cells, including those of earlier calls with other shares or draws. */
export function summaryOf(
  cells: readonly CellResult[],
  { task, outputs }: Pick<LabelEfficiency, "task" | "outputs">,
): Pick<LabelEfficiency, "curves" | "pretrained" | "savings" | "saved" | "savedInterval" | "doubts" | "best" | "cost"> {
  const cellsOf = (contender: Contender) => cells.filter((cell) => cell.contender === contender);
  const present = contenders.filter((contender) => cellsOf(contender).length > 0);
  const curves: Partial<Record<Contender, Curve>> = Object.fromEntries(
    present.map((contender) => [contender, curveOf(cellsOf(contender))]),
  );
  const pretrained = bestOf([curves.probe ?? [], curves["fine-tuned"] ?? []]);
  const all = savings(pretrained, curves.scratch ?? []);
  const saved = labelsSaved(all);
  const savedInterval = saved && savingInterval(cells, saved.labels);
  const doubts = saved ? doubtsOf(saved, pretrained, curves.scratch ?? [], curves.untrained ?? []) : [];
  const most = Math.max(...cells.map(({ labels }) => labels));
  const last = present
    .filter((contender) => contender !== "untrained")
    .flatMap((contender) => (curves[contender] ?? []).map((point) => ({ contender, ...point })))
    .filter(({ labels }) => labels === most)
    .reduce((best, point) => (point.mean > best.mean ? point : best));
  const bestCells = cellsOf(last.contender).filter(({ labels }) => labels === most);
  const pooled = poolPredictions(
    task,
    outputs.length,
    bestCells.map(({ answers }) => answers),
  );
  const cost = present.map((contender) => {
    const steps = cellsOf(contender).reduce((sum, cell) => sum + (cell.steps ?? 0), 0);
    const seconds = cellsOf(contender).reduce((sum, cell) => sum + cell.seconds, 0);
    return { contender, trainings: cellsOf(contender).length, seconds, ...(steps > 0 ? { steps } : {}) };
  });
  const best = { contender: last.contender, labels: most, draws: bestCells.length, ...pooled };
  return { curves, pretrained, savings: all, saved, ...(savedInterval ? { savedInterval } : {}), doubts, best, cost };
}
