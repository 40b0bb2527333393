import { aroundPoints, render } from "../drawing/charts.ts";

/** Viridis: from dark to light, also for colour-blind readers and in print. */
const SCALE = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];

const rounded = (value: number) => Number(value.toPrecision(5));

/** Predicted against true values, with the line on which they are equal, as SVG. */
export function pairsChart(pairs: readonly (readonly [target: number, predicted: number])[]): Promise<string> {
  const targets = pairs.map(([target]) => target);
  const [low, high] = [Math.min(...targets), Math.max(...targets)];
  const axis = { type: "value", nameLocation: "middle", scale: true, axisLine: { onZero: false } } as const;
  return render(
    {
      grid: { left: 72, right: 28, top: 24, bottom: 56 },
      xAxis: { ...axis, name: "true value", nameGap: 32 },
      yAxis: { ...axis, name: "predicted value", nameGap: 48 },
      series: [
        {
          type: "line",
          silent: true,
          symbol: "none",
          lineStyle: { color: "#666", type: "dashed", width: 1 },
          data: [
            [low, low],
            [high, high],
          ],
        },
        {
          type: "scatter",
          silent: true,
          symbolSize: 6,
          color: "#0072B2",
          itemStyle: { opacity: 0.5 },
          data: pairs.map(([target, predicted]) => [rounded(target), rounded(predicted)]),
        },
      ],
    },
    560,
    480,
  );
}

/** Points of the plane coloured by a value, as SVG. */
export function valueMapChart(
  points: readonly (readonly [x: number, y: number])[],
  values: readonly number[],
): Promise<string> {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return render(
    {
      grid: { left: 12, right: 90, top: 12, bottom: 12 },
      ...aroundPoints(points),
      visualMap: {
        ...{ type: "continuous", dimension: 2, min: least, max: most, calculable: false },
        ...{ right: 4, top: "middle", itemHeight: 220, inRange: { color: SCALE } },
        text: [String(rounded(most)), String(rounded(least))],
      },
      series: [
        {
          type: "scatter",
          silent: true,
          symbolSize: points.length > 500 ? 5 : 8,
          itemStyle: { opacity: 0.8 },
          data: points.map(([x, y], at) => [rounded(x), rounded(y), values[at]!]),
        },
      ],
    },
    820,
    600,
  );
}
