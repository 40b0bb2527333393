import type { EChartsOption } from "echarts";
import { writeAtomically } from "../../foundation/files.ts";
import { loadSharp } from "../../interop/sharp.ts";
import type { MetricRow } from "../../training/run/metrics.ts";

/** Okabe and Ito's colours, distinguishable by colour-blind readers. */
export const COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"];
const FONT = "system-ui, 'DejaVu Sans', Arial, sans-serif";

/** Invisible markup that the library adds for hovering pointers. */
const HOVERING = /<style[^>]*>[\s\S]*?<\/style>\s*| (?:class|ecmeta_\w+)="[^"]*"/g;

/** A chart as SVG, drawn without a browser. */
export async function render(option: EChartsOption, width: number, height: number): Promise<string> {
  // Loaded on demand because it is large.
  const { init } = await import("./echarts.ts");
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      color: COLORS,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT },
      ...option,
    });
    return chart.renderToSVGString().replaceAll(HOVERING, "");
  } finally {
    chart.dispose();
  }
}

/** Axes that are not shown, with a margin around points of the plane. */
export function aroundPoints(points: readonly (readonly [x: number, y: number])[]) {
  const axis = (which: 0 | 1) => {
    const values = points.map((point) => point[which]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const margin = 0.02 * (high - low) || 1;
    return { type: "value" as const, show: false, min: low - margin, max: high + margin };
  };
  return { xAxis: axis(0), yAxis: axis(1) };
}

/** Loss and learning rate over the steps, as SVG. */
export function lossChart(rows: readonly MetricRow[], title: string): Promise<string> {
  return render(
    {
      title: { text: title, left: "center", textStyle: { fontSize: 15, fontWeight: "normal" } },
      grid: { left: 64, right: 84, top: 44, bottom: 76 },
      xAxis: { type: "value", name: "step", nameLocation: "middle", nameGap: 30, max: "dataMax" },
      yAxis: [
        { type: "value", name: "loss", scale: true },
        {
          type: "value",
          name: "learning rate",
          splitLine: { show: false },
          axisLabel: { formatter: (value: number) => value.toPrecision(2) },
        },
      ],
      series: [
        {
          type: "line",
          name: "loss",
          showSymbol: false,
          lineStyle: { width: 2 },
          data: rows.map(({ step, loss }) => [step, loss]),
        },
        {
          type: "line",
          name: "learning rate",
          yAxisIndex: 1,
          showSymbol: false,
          lineStyle: { width: 1.2, type: "dashed" },
          data: rows.map(({ step, learningRate }) => [step, learningRate]),
        },
      ],
      legend: { bottom: 0, itemHeight: 8, itemGap: 28 },
    },
    760,
    400,
  );
}

/** Writes a chart as SVG and PNG. `path` has no file extension. */
export async function writeChart(path: string, svg: string): Promise<void> {
  await writeAtomically(`${path}.svg`, [svg]);
  const sharp = await loadSharp();
  await writeAtomically(`${path}.png`, [await sharp(Buffer.from(svg), { density: 144 }).png().toBuffer()]);
}
