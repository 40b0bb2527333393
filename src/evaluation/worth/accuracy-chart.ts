import { render } from "../drawing/charts.ts";
import type { Evaluation } from "./evaluation.ts";

const series = [
  { name: "kNN, k = 20", of: "knn20" },
  { name: "linear probe", of: "linear" },
  { name: "end to end", of: "endToEnd" },
] as const;
const titles = {
  classification: "Accuracy",
  "multi-label": "Mean average precision",
  regression: "R²",
  "token-classification": "Accuracy of tokens",
} as const;

/** The scores of the run and its baselines, as SVG. */
export function accuracyChart({ contestants, task, chance, train, draws }: Evaluation): Promise<string> {
  const shown = series.filter(({ of }) => contestants.some((contestant) => contestant[of]));
  const bars = contestants.map(({ name }) => name);
  const value = (mean?: number) => (mean === undefined ? null : Number((100 * mean).toFixed(1)));
  return render(
    {
      title: {
        text: `${titles[task]} with ${train.used} labels${draws > 1 ? `, mean of ${draws} trainings` : ""}${chance === undefined ? "" : " (dashed: majority class)"}`,
        left: "center",
        textStyle: { fontSize: 15, fontWeight: "normal" },
      },
      grid: { left: 56, right: 24, top: 48, bottom: 60 },
      xAxis: { type: "category", data: bars, axisTick: { show: false } },
      yAxis: { type: "value", name: "%", min: 0, max: 100 },
      legend: { bottom: 0, itemHeight: 8, itemGap: 28 },
      series: shown.map(({ name, of }, index) => ({
        type: "bar" as const,
        name,
        barMaxWidth: 44,
        label: { show: true, position: "top" as const, fontSize: 11 },
        data: contestants.map((contestant) => value(contestant[of]?.mean)),
        ...(index === 0 && chance !== undefined
          ? {
              markLine: {
                symbol: "none",
                lineStyle: { color: "#666", type: "dashed" as const },
                label: { show: false },
                data: [{ yAxis: 100 * chance }],
              },
            }
          : {}),
      })),
    },
    760,
    420,
  );
}
