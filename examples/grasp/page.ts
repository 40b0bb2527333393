import { writeFile } from "node:fs/promises";
import { COLORS, render } from "../../src/evaluation/drawing/charts.ts";

interface PageOptions {
  /** Animated WebP. */
  readonly film: Uint8Array;
  /** Success in new scenes after so many attempts, with its 95 % interval; shares. */
  readonly points: readonly { attempts: number; success: number; low: number; high: number }[];
  readonly baselines: readonly { name: string; success: number }[];
  /** New scenes of each measure. */
  readonly scenes: number;
}

const rounded = (share: number) => Math.round(1000 * share) / 10;

/** Success against attempts, with chance and the hand-written controller as lines, as SVG. */
const curve = ({ points, baselines }: PageOptions): Promise<string> =>
  render(
    {
      grid: { left: 64, right: 150, top: 24, bottom: 56 },
      xAxis: {
        type: "log",
        name: "attempts",
        nameLocation: "middle",
        nameGap: 30,
        min: points[0]?.attempts ?? 1,
        max: points.at(-1)?.attempts ?? 10,
      },
      yAxis: { type: "value", name: "lifted, %", min: 0, max: 100 },
      series: [
        {
          type: "line",
          symbolSize: 9,
          lineStyle: { width: 3 },
          data: points.map(({ attempts, success }) => [attempts, rounded(success)]),
          endLabel: { show: true, formatter: "the robot" },
        },
        {
          type: "custom",
          silent: true,
          encode: { x: 0, y: [1, 2] },
          data: points.map(({ attempts, low, high }) => [attempts, rounded(low), rounded(high)]),
          renderItem: (_, api) => {
            const [x = 0, bottom = 0] = api.coord([api.value(0), api.value(1)]);
            const [, top = 0] = api.coord([api.value(0), api.value(2)]);
            return {
              type: "line",
              shape: { x1: x, y1: bottom, x2: x, y2: top },
              style: { stroke: COLORS[0]!, lineWidth: 2 },
            };
          },
        },
        ...baselines.map(({ name, success }, at) => ({
          type: "line" as const,
          symbol: "none",
          lineStyle: { type: "dashed" as const, width: 2, color: COLORS[at + 1]! },
          itemStyle: { color: COLORS[at + 1]! },
          data: [points[0]!, points.at(-1)!].map(({ attempts }) => [attempts, rounded(success)]),
          endLabel: { show: true, formatter: name },
        })),
      ],
    },
    720,
    360,
  );

/** Writes a self-contained page: the film, the curve, and what they show. */
export async function writePage(file: string, options: PageOptions): Promise<void> {
  const { film, points, scenes } = options;
  const last = points.at(-1)!;
  const data = Buffer.from(film).toString("base64");
  await writeFile(
    file,
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A robot that taught itself to grasp</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  img, svg { max-width: 100%; height: auto; display: block; }
  .count { font-size: 1.6rem; font-weight: 600; margin: 0.2rem 0 1rem; }
  .key { display: inline-block; width: 9rem; height: 0.8rem; vertical-align: middle; border-radius: 4px;
    background: linear-gradient(90deg, rgb(68,1,84), rgb(59,82,139), rgb(33,145,140), rgb(94,201,98), rgb(253,231,37)); }
  small { color: #5b6470; }
</style>
<h1>A robot that taught itself to grasp</h1>
<p class="count">${last.attempts.toLocaleString("en")} attempts, 0 labels: ${rounded(last.success)} % lifted</p>
<img src="data:image/webp;base64,${data}" width="${2 * 256 + 4}" alt="Left a gripper comes down on objects on a table and lifts one; right what the robot sees from above, with the success that it expects of each grasp in colours, and the grasp that it chose.">
<p>Left: what happens. Right: what the robot sees, a depth image from above; the colour of a place is the success that it expects of
grasping there, <small>0 %</small> <span class="key"></span> <small>100 %</small>, and the bar is the grasp that it chose. Objects are new in every scene.</p>
${await curve(options)}
<p>Success in ${scenes} new scenes after so many attempts, with 95 % intervals. The robot tried grasps, felt with its fingers whether they held
something, and learned to predict that from the patch of the image around a grasp. The hand-written controller grasps the nearest
object at its middle, across its shorter axis.</p>
<p><small>MuJoCo (Google DeepMind, Apache-2.0) simulates the table; Pinto and Gupta, arXiv 1509.06825, had the idea.</small></p>
</html>
`,
  );
}
