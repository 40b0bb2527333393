import { render } from "../drawing/charts.ts";
import type { Evaluation } from "./evaluate.ts";

/** Accuracies of the run and its baselines, as SVG. */
export function accuracyChart({ contestants, chance, train, draws }: Evaluation): Promise<string> {
  const bars = contestants.map(({ name }) => name);
  const series = [
    { name: "kNN, k = 20", of: "knn20" },
    { name: "linear probe", of: "linear" },
    { name: "end to end", of: "accuracy" },
  ] as const;
  const value = (mean?: number) => (mean === undefined ? null : Number((100 * mean).toFixed(1)));
  return render(
    {
      title: {
        text: `Accuracy with ${train.used} labels${draws > 1 ? `, mean of ${draws} draws` : ""} (dashed: majority class)`,
        left: "center",
        textStyle: { fontSize: 15, fontWeight: "normal" },
      },
      grid: { left: 56, right: 24, top: 48, bottom: 60 },
      xAxis: { type: "category", data: bars, axisTick: { show: false } },
      yAxis: { type: "value", name: "%", min: 0, max: 100 },
      legend: { bottom: 0, itemHeight: 8, itemGap: 28 },
      series: series.map(({ name, of }, index) => ({
        type: "bar" as const,
        name,
        barMaxWidth: 44,
        label: { show: true, position: "top" as const, fontSize: 11 },
        data: contestants.map((contestant) => value(contestant[of]?.mean)),
        ...(index === 0
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
