import { COLORS, render } from "../../../evaluation/drawing/charts.ts";
import type { Prediction } from "./forecaster.ts";

/** Channels that are drawn, one above the other. */
const MOST = 8;
const [WIDTH, LANE, TOP, BOTTOM] = [860, 132, 46, 44];
const [PAST, TRUTH, FORECAST] = [COLORS[0]!, COLORS[2]!, COLORS[5]!];

/** A forecast as SVG: of each channel the window before it, what was forecast, and what came where that is known. */
export function forecastChart(
  { name, channels, past, values, truth, from }: Prediction,
  {
    most = MOST,
    title = `${name}: forecast from step ${from.toLocaleString("en")} on`,
  }: { most?: number; title?: string } = {},
): Promise<string> {
  const shown = channels.slice(0, most);
  const window = past[0]?.length ?? 0;
  const horizon = values[0]?.length ?? 0;
  // Three times as much of the past as of the future is enough to see how it goes on.
  const first = Math.max(0, window - 3 * horizon);
  const points = (row: readonly number[], start: number) =>
    row.map((value, at): [number, number | null] => [start + at, Number.isFinite(value) ? value : null]);
  const line = (lane: number, what: string, color: string, data: [number, number | null][], isDashed = false) => ({
    type: "line" as const,
    name: what,
    xAxisIndex: lane,
    yAxisIndex: lane,
    showSymbol: false,
    itemStyle: { color },
    lineStyle: { width: 1.4, color, type: isDashed ? ("dashed" as const) : ("solid" as const) },
    data,
  });
  const lanes = shown.map((_, lane) => lane);
  const isKnown = truth.some((row) => row.some(Number.isFinite));
  return render(
    {
      title: { text: title, left: "center", top: 8, textStyle: { fontSize: 14, fontWeight: "normal" } },
      grid: lanes.map((lane) => ({ left: 64, right: 24, top: TOP + lane * LANE, height: LANE - 34 })),
      xAxis: lanes.map((lane) => ({
        type: "value" as const,
        gridIndex: lane,
        min: first - window,
        max: horizon,
        axisLabel: { show: lane === lanes.length - 1 },
        axisTick: { show: false },
        splitLine: { show: false },
        ...(lane === lanes.length - 1
          ? { name: "steps from the forecast's beginning", nameLocation: "middle" as const, nameGap: 24 }
          : {}),
      })),
      yAxis: shown.map((channel, lane) => ({
        type: "value" as const,
        gridIndex: lane,
        scale: true,
        name: channel.slice(0, 24),
        nameGap: 6,
        splitNumber: 3,
      })),
      legend: { bottom: 2, itemHeight: 8, itemGap: 28, data: ["past", "forecast", ...(isKnown ? ["what came"] : [])] },
      series: lanes.flatMap((lane) => [
        line(lane, "past", PAST, points(past[lane]!.slice(first), first - window)),
        ...(isKnown ? [line(lane, "what came", TRUTH, points(truth[lane]!, 0))] : []),
        line(lane, "forecast", FORECAST, points(values[lane]!, 0), true),
      ]),
    },
    WIDTH,
    TOP + lanes.length * LANE + BOTTOM,
  );
}
