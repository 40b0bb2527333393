import type { CustomSeriesOption, EChartsOption, LineSeriesOption, ScatterSeriesOption } from "echarts";
import { COLORS, render } from "../drawing/charts.ts";
import { shortNames, widthOf, withTitles } from "../drawing/short-names.ts";
import type { BootstrapOptions } from "./bootstrap.ts";
import { returnsSummary } from "./summary.ts";

const titled = (text: string): EChartsOption["title"] => ({
  text,
  left: "center",
  textStyle: { fontSize: 15, fontWeight: "normal" },
});
const colorOf = (at: number) => COLORS[at % COLORS.length]!;
/** Six digits are as many as can be seen. */
const rounded = (value: number) => Number(value.toPrecision(6));

/** One agent, and the score of each of its seeds. */
export interface ScoreRow {
  readonly name: string;
  readonly scores: ArrayLike<number>;
}

/**
 * A row for each agent: every seed's score as a dot, the interquartile mean as a line with its 95 % bootstrap interval as a
 * bar. As SVG.
 *
 * @param measure what the scores are: "return of 10 episodes"
 * @throws Error for an agent without scores
 * @example await scoresChart("half-cheetah, 50,000 steps", "return", [{ name: "td3", scores: [2100, 2600, 1900] }])
 */
export async function scoresChart(
  title: string,
  measure: string,
  rows: readonly ScoreRow[],
  options?: BootstrapOptions,
): Promise<string> {
  const intervals = rows.map(({ scores }) => returnsSummary([scores], options));
  const names = rows.map(({ name }) => name);
  const short = shortNames(names, 32);
  const bar = (at: number): CustomSeriesOption => ({
    type: "custom",
    silent: true,
    z: 1,
    // The chart has to know how far the bar goes.
    encode: { x: [0, 1, 2], y: 3 },
    data: [[rounded(intervals[at]!.low), rounded(intervals[at]!.value), rounded(intervals[at]!.high), at]],
    renderItem: (_, api) => {
      const place = (dimension: number) => api.coord([api.value(dimension), at]);
      const [[low = 0], [value = 0, middle = 0], [high = 0]] = [place(0), place(1), place(2)];
      return {
        type: "group",
        children: [
          rectangle(low, high, middle, 18, colorOf(at), 0.25),
          rectangle(value - 1.5, value + 1.5, middle, 26, colorOf(at), 1),
        ],
      };
    },
  });
  const dots = ({ scores }: ScoreRow, at: number): ScatterSeriesOption => ({
    type: "scatter",
    silent: true,
    z: 3,
    symbolSize: 8,
    itemStyle: { color: colorOf(at), borderColor: "#ffffff", borderWidth: 1 },
    // Seeds lie one below the other, so that equal scores can be counted.
    data: Array.from(scores, (score, seed) => ({
      value: [rounded(score), at],
      symbolOffset: [0, scores.length < 2 ? 0 : Math.round(24 * (seed / (scores.length - 1) - 0.5))],
    })),
  });
  const svg = await render(
    {
      title: titled(title),
      grid: { left: 24 + Math.max(...short.map(widthOf)), right: 32, top: 48, bottom: 52 },
      xAxis: { type: "value", name: measure, nameLocation: "middle", nameGap: 30, scale: true },
      yAxis: { type: "category", data: short, inverse: true, axisTick: { show: false } },
      series: rows.flatMap((row, at) => [bar(at), dots(row, at)]),
    },
    760,
    100 + 56 * rows.length,
  );
  return withTitles(svg, names, short);
}

const rectangle = (left: number, right: number, middle: number, height: number, fill: string, opacity: number) => ({
  type: "rect" as const,
  shape: { x: left, y: middle - height / 2, width: Math.max(1, right - left), height },
  style: { fill, opacity },
});

/** An agent's scores while it learns: at each step one of each seed. */
export interface ScoreCurve {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly scores: ArrayLike<number> }[];
}

/**
 * Score against steps: the interquartile mean as a line in a band, its 95 % bootstrap interval at each step, and every seed's
 * score as a dot. As SVG.
 *
 * @throws Error for a step without scores
 * @example await curvesChart("hopper", "return", [{ name: "td3", points: [{ step: 5000, scores: [210, 260] }] }])
 */
export async function curvesChart(
  title: string,
  measure: string,
  curves: readonly ScoreCurve[],
  // There are many intervals, and none of them is printed as a number.
  options: BootstrapOptions = { resamples: 5000 },
): Promise<string> {
  const series = ({ name, points }: ScoreCurve, at: number) => {
    const intervals = points.map(({ step, scores }) => ({ step, ...returnsSummary([scores], options) }));
    const band: CustomSeriesOption = {
      type: "custom",
      silent: true,
      z: 1,
      encode: { x: 0, y: [1, 2] },
      data: intervals.map(({ step, low, high }) => [step, rounded(low), rounded(high)]),
      // Drawn once, by the first point, for all of them.
      renderItem: ({ dataIndex }, api) =>
        dataIndex === 0
          ? {
              type: "polygon",
              shape: {
                points: [
                  ...intervals.map(({ step, high }) => api.coord([step, high])),
                  ...intervals.toReversed().map(({ step, low }) => api.coord([step, low])),
                ],
              },
              style: { fill: colorOf(at), opacity: 0.16 },
            }
          : undefined,
    };
    const line: LineSeriesOption = {
      type: "line",
      name,
      z: 3,
      color: colorOf(at),
      showSymbol: false,
      lineStyle: { width: 2 },
      data: intervals.map(({ step, value }) => [step, rounded(value)]),
    };
    const dots: ScatterSeriesOption = {
      type: "scatter",
      silent: true,
      z: 2,
      symbolSize: 4,
      itemStyle: { color: colorOf(at), opacity: 0.6 },
      data: points.flatMap(({ step, scores }) => Array.from(scores, (score) => [step, rounded(score)])),
    };
    return [band, line, dots];
  };
  return render(
    {
      title: titled(title),
      grid: { left: 72, right: 28, top: 48, bottom: 84 },
      xAxis: { type: "value", name: "steps", nameLocation: "middle", nameGap: 30, max: "dataMax" },
      yAxis: { type: "value", name: measure, scale: true },
      legend: { bottom: 0, itemGap: 22, data: curves.map(({ name }) => name) },
      series: curves.flatMap(series),
    },
    820,
    460,
  );
}
