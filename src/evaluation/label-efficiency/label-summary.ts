import type { Curves, LabelEfficiency } from "./facts.ts";
import { poolPredictions } from "./label-predictions.ts";
import { type CellResult, type Contender, contenders } from "./label-cells.ts";
import { bestOf, type Curve, curveOf, doubtsOf, labelsSaved, savings } from "./label-curves.ts";

/** The curves as rows of a table, and the numbers of labels as its columns. */
export function rowsAndColumns(curves: Curves): { rows: (readonly [Contender, Curve])[]; counts: number[] } {
  const rows = contenders.flatMap((contender) => {
    const curve = curves[contender];
    return curve ? [[contender, curve] as const] : [];
  });
  const counts = new Set(rows.flatMap(([, curve]) => curve.map(({ labels }) => labels)));
  return { rows, counts: [...counts].sort((a, b) => a - b) };
}

/** What cells come to, those of earlier calls with other shares or draws among them. */
export function summaryOf(
  cells: readonly CellResult[],
  { task, outputs }: Pick<LabelEfficiency, "task" | "outputs">,
): Pick<LabelEfficiency, "curves" | "pretrained" | "savings" | "saved" | "doubts" | "best" | "cost"> {
  const own = (contender: Contender) => cells.filter((cell) => cell.contender === contender);
  const there = contenders.filter((contender) => own(contender).length > 0);
  const curves: Partial<Record<Contender, Curve>> = Object.fromEntries(
    there.map((contender) => [contender, curveOf(own(contender))]),
  );
  const pretrained = bestOf([curves.probe ?? [], curves["fine-tuned"] ?? []]);
  const all = savings(pretrained, curves.scratch ?? []);
  const saved = labelsSaved(all);
  const doubts = saved ? doubtsOf(saved, pretrained, curves.scratch ?? [], curves.untrained ?? []) : [];
  const most = Math.max(...cells.map(({ labels }) => labels));
  const last = there
    .filter((contender) => contender !== "untrained")
    .flatMap((contender) => (curves[contender] ?? []).map((point) => ({ contender, ...point })))
    .filter(({ labels }) => labels === most)
    .reduce((best, point) => (point.mean > best.mean ? point : best));
  const judged = own(last.contender).filter(({ labels }) => labels === most);
  const together = poolPredictions(
    task,
    outputs.length,
    judged.map(({ answers }) => answers),
  );
  const cost = there.map((contender) => {
    const steps = own(contender).reduce((sum, cell) => sum + (cell.steps ?? 0), 0);
    const seconds = own(contender).reduce((sum, cell) => sum + cell.seconds, 0);
    return { contender, trainings: own(contender).length, seconds, ...(steps > 0 ? { steps } : {}) };
  });
  const best = { contender: last.contender, labels: most, draws: judged.length, ...together };
  return { curves, pretrained, savings: all, saved, doubts, best, cost };
}
