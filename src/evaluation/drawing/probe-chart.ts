import type { ProbeRow } from "../../training/run/metrics.ts";
import { render } from "./charts.ts";

/** Scores of probes that are drawn, by what they are called. */
const CURVES = [
  ["probeKnn", "kNN, k = 20"],
  ["probeLinear", "linear probe"],
  ["probeMeanAveragePrecision", "mean average precision"],
  ["probeR2", "R²"],
] as const;

/** What probes scored while a run trained, over the steps, as SVG; undefined with fewer than two probes. */
export async function probeChart(rows: readonly ProbeRow[], title: string): Promise<string | undefined> {
  if (rows.length < 2) return undefined;
  const shown = CURVES.filter(([score]) => rows.some((row) => row[score] !== undefined));
  return render(
    {
      title: { text: title, left: "center", textStyle: { fontSize: 15, fontWeight: "normal" } },
      grid: { left: 56, right: 24, top: 44, bottom: 76 },
      xAxis: { type: "value", name: "step", nameLocation: "middle", nameGap: 30, max: "dataMax" },
      yAxis: { type: "value", name: "%", scale: true },
      series: shown.map(([score, name]) => ({
        type: "line" as const,
        name,
        symbolSize: 5,
        lineStyle: { width: 2 },
        data: rows.flatMap((row) => (row[score] === undefined ? [] : [[row.step, 100 * row[score]]])),
      })),
      legend: { bottom: 0, itemHeight: 8, itemGap: 28 },
    },
    760,
    400,
  );
}
