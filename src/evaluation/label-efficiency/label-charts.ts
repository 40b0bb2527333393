import type { CustomSeriesOption, EChartsOption, LineSeriesOption } from "echarts";
import { aroundPoints, COLORS, render } from "../drawing/charts.ts";
import { shortNames, widthOf, withTitles } from "../drawing/short-names.ts";
import { grouped } from "../scores/format.ts";
import { contenderNames } from "../worth/names.ts";
import type { Curves } from "./facts.ts";
import type { Contender, ReportTask } from "./label-cells.ts";
import { rowsAndColumns } from "./label-summary.ts";
import { capitalized, measureText } from "./measure-text.ts";
import type { Curve } from "./savings/label-curves.ts";

const styles: Readonly<Record<Contender, { color: string; symbol: string; type: "solid" | "dashed" }>> = {
  probe: { color: "#0072B2", symbol: "circle", type: "solid" },
  "fine-tuned": { color: "#009E73", symbol: "diamond", type: "solid" },
  scratch: { color: "#D55E00", symbol: "rect", type: "solid" },
  untrained: { color: "#6b7280", symbol: "emptyCircle", type: "dashed" },
};

const title = (text: string): EChartsOption["title"] => ({
  text,
  left: "center",
  textStyle: { fontSize: 15, fontWeight: "normal" },
});

/** Score against labels with a band of ± one deviation, as SVG. Scores are clipped to [`LOWEST`, 1]. */
export function labelChart(task: ReportTask, curves: Curves, chance: number, test: number): Promise<string> {
  const { name, factor, unit, interval, chance: baseline } = measureText[task];
  const { rows: all, counts } = rowsAndColumns(curves);
  // The library's logarithmic axis has ticks at powers of ten only; these are at the numbers of labels.
  const place = (labels: number) => Math.log10(labels);
  const places = counts.map(place);
  const [first = 0] = places;
  const last = places.at(-1) ?? first;
  const margin = Math.max(0.04 * (last - first), 0.05);
  const top = Math.max(chance, ...all.flatMap(([, curve]) => curve.map(({ mean, deviation }) => mean + deviation)));
  const lowest = Math.min(0, ...all.flatMap(([, curve]) => curve.map(({ mean, deviation }) => mean - deviation)));
  const ticks = factor / interval;
  const floor = task === "regression" ? Math.max(LOWEST, Math.floor(ticks * lowest) / ticks) : 0;
  const within = (score: number) => factor * Math.min(1, Math.max(floor, score));
  const band = (contender: Contender, curve: Curve): CustomSeriesOption => ({
    type: "custom",
    silent: true,
    z: 1,
    data: [[first, 0]],
    renderItem: (_, api) => ({
      type: "polygon",
      shape: {
        points: [
          ...curve.map(({ labels, mean, deviation }) => api.coord([place(labels), within(mean + deviation)])),
          ...curve
            .toReversed()
            .map(({ labels, mean, deviation }) => api.coord([place(labels), within(mean - deviation)])),
        ],
      },
      style: { fill: styles[contender].color, opacity: 0.16 },
    }),
  });
  const line = (contender: Contender, curve: Curve, at: number): LineSeriesOption => ({
    type: "line",
    name: contenderNames[contender],
    z: 3,
    symbol: styles[contender].symbol,
    symbolSize: 8,
    color: styles[contender].color,
    lineStyle: { width: 2, type: styles[contender].type },
    data: curve.map(({ labels, mean }) => [place(labels), within(mean)]),
    ...(at === 0
      ? {
          markLine: {
            symbol: "none",
            silent: true,
            lineStyle: { color: "#666", type: "dashed" as const },
            label: {
              position: "insideEndTop" as const,
              formatter: baseline,
              color: "#555",
              fontSize: 11,
            },
            data: [{ yAxis: factor * chance }],
          },
        }
      : {}),
  });
  return render(
    {
      title: title(
        `${capitalized(name)} on ${grouped(test)} test samples against labels${all.some(([, curve]) => curve.some(({ draws }) => draws > 1)) ? "; bands: ± one deviation over the draws" : ""}`,
      ),
      grid: { left: 56, right: 28, top: 48, bottom: 84 },
      xAxis: {
        type: "value",
        name: "labels (log scale)",
        nameLocation: "middle",
        nameGap: 32,
        min: first - margin,
        max: last + margin,
        splitLine: { show: false },
        axisLine: { onZero: false },
        axisTick: { show: true, customValues: places },
        axisLabel: { customValues: places, formatter: (value: number) => grouped(10 ** value), hideOverlap: true },
      },
      yAxis: {
        ...{ type: "value", min: factor * floor, interval },
        max: factor * Math.min(1, Math.ceil(ticks * top + 0.5) / ticks),
        axisLabel: { formatter: (value: number) => `${value.toFixed(unit === "" ? 1 : 0)}${unit}` },
      },
      legend: { bottom: 0, itemGap: 22, data: all.map(([contender]) => contenderNames[contender]) },
      series: all.flatMap(([contender, curve], at) => [band(contender, curve), line(contender, curve, at)]),
    },
    820,
    460,
  );
}

/** Lower values of R² are drawn at this one. */
const LOWEST = -1;

/** With more classes the names along the sides would not be legible. */
export const MOST_MATRIX = 40;
/** With more classes there is no room for numbers. */
const MOST_NUMBERS = 16;

/** Confusion matrix in percent of the row, as SVG. @param confusion counts; rows are true classes, columns predicted ones */
export async function confusionChart(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): Promise<string> {
  const names = shortNames(classes);
  const room = Math.max(...names.map(widthOf));
  // Names below are at 45°, with the axis title under them.
  const [left, bottom] = [Math.max(56, 20 + room), Math.max(64, 40 + room * Math.SQRT1_2)];
  const side = Math.max(300, Math.min(640, classes.length * 44));
  const data = confusion.flatMap((row, target) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => [predicted, target, total > 0 ? Math.round((1000 * count) / total) / 10 : 0]);
  });
  const svg = await render(
    {
      grid: { left, right: 24, top: 24, bottom },
      xAxis: {
        type: "category",
        data: names,
        name: "predicted",
        nameLocation: "middle",
        nameGap: bottom - 20,
        axisTick: { show: false },
        axisLabel: { rotate: 45, interval: 0 },
      },
      yAxis: {
        type: "category",
        data: names,
        inverse: true,
        axisTick: { show: false },
        axisLabel: { interval: 0 },
      },
      visualMap: {
        min: 0,
        max: 100,
        show: false,
        inRange: { color: ["#ffffff", "#d6e6f2", "#7fb5d8", "#2b83ba", "#004b87"] },
      },
      series: [
        {
          type: "heatmap",
          data,
          itemStyle: { borderColor: "#e5e7eb", borderWidth: 1 },
          label: {
            show: classes.length <= MOST_NUMBERS,
            formatter: ({ value }) => String(Math.round(Number(Array.isArray(value) ? value[2] : value))),
          },
        },
      ],
    },
    side + left + 24,
    side + 24 + bottom,
  );
  return withTitles(svg, classes, names);
}

const SYMBOLS = ["circle", "triangle", "diamond", "rect"];
/** As many classes as colours and shapes can distinguish; the others are grey. */
const MOST_COLOURED = COLORS.length * SYMBOLS.length;

/** Points of the plane coloured by class, as SVG. @param labels index into `classes` of each point */
export async function mapChart(
  points: readonly (readonly [x: number, y: number])[],
  labels: Int32Array,
  classes: readonly string[],
): Promise<string> {
  const names = shortNames(classes);
  const counts = classes.map((_, label) => labels.reduce((sum, other) => sum + Number(other === label), 0));
  const order = [...classes.keys()].filter((label) => counts[label]! > 0).sort((a, b) => counts[b]! - counts[a]!);
  const coloured = order.slice(0, MOST_COLOURED).sort((a, b) => a - b);
  const groups = coloured.map((label, at) => ({
    name: names[label]!,
    of: [label],
    color: COLORS[at % COLORS.length]!,
    symbol: SYMBOLS[Math.floor(at / COLORS.length)]!,
  }));
  const rest = order.slice(MOST_COLOURED);
  if (rest.length > 0)
    groups.unshift({ name: `${rest.length} other classes`, of: rest, color: "#c8ccd2", symbol: "circle" });
  const rounded = (value: number) => Math.round(value * 1000) / 1000;
  const legendRows = Math.ceil(groups.length / 6);
  const svg = await render(
    {
      grid: { left: 12, right: 12, top: 12, bottom: 20 + 24 * legendRows },
      ...aroundPoints(points),
      legend: { bottom: 0, itemGap: 14, itemHeight: 9, itemWidth: 12 },
      series: groups.map(({ name, of, color, symbol }) => ({
        type: "scatter" as const,
        name,
        color,
        symbol,
        symbolSize: points.length > 500 ? 5 : 8,
        itemStyle: { opacity: 0.75 },
        silent: true,
        data: points.flatMap(([x, y], at) => (of.includes(labels[at]!) ? [[rounded(x), rounded(y)]] : [])),
      })),
    },
    820,
    600 + 24 * legendRows,
  );
  return withTitles(svg, classes, names);
}
