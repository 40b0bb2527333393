import { writeFile } from "node:fs/promises";
import { COLORS, render } from "../../src/evaluation/drawing/charts.ts";

/** An episode as it is drawn. */
export interface Drawn {
  /** RGB, `[side, side, 3]`, as PNG. */
  readonly picture: Uint8Array;
  readonly end: "reached" | "collided" | "cut off";
}

interface PageOptions {
  /** Animated WebP. */
  readonly film: Uint8Array;
  /** The same goals: driving at random, and after learning. */
  readonly before: readonly Drawn[];
  readonly after: readonly Drawn[];
  /** In worlds never seen, after learning from so many collisions; shares and collisions of 100 m. */
  readonly points: readonly { collisions: number; reached: number; per100: number }[];
  readonly baselines: readonly { name: string; reached: number; per100: number }[];
  /** Goals of each measure. */
  readonly goals: number;
}

const rounded = (value: number) => Math.round(10 * value) / 10;

/** Goals reached against collisions that were learned from, with the controllers as lines, as SVG. */
const curve = ({ points, baselines }: PageOptions): Promise<string> =>
  render(
    {
      grid: { left: 64, right: 150, top: 24, bottom: 56 },
      xAxis: { type: "log", name: "collisions", nameLocation: "middle", nameGap: 30, min: points[0]?.collisions ?? 1 },
      yAxis: { type: "value", name: "goals reached, %", min: 0, max: 100 },
      series: [
        {
          type: "line",
          symbolSize: 9,
          lineStyle: { width: 3 },
          data: points.map(({ collisions, reached }) => [collisions, rounded(100 * reached)]),
          endLabel: { show: true, formatter: "the robot" },
        },
        ...baselines.map(({ name, reached }, at) => ({
          type: "line" as const,
          symbol: "none",
          lineStyle: { type: "dashed" as const, width: 2, color: COLORS[at + 1]! },
          itemStyle: { color: COLORS[at + 1]! },
          data: [points[0]!, points.at(-1)!].map(({ collisions }) => [collisions, rounded(100 * reached)]),
          endLabel: { show: true, formatter: name },
        })),
      ],
    },
    720,
    360,
  );

const figures = (all: readonly Drawn[]): string =>
  all
    .map(
      ({ picture, end }) =>
        `<figure class="${end.replace(" ", "-")}"><img alt="The way driven, from above: ${end}" src="data:image/png;base64,${Buffer.from(picture).toString("base64")}"><figcaption>${end}</figcaption></figure>`,
    )
    .join("\n");

/** Writes a self-contained page: ways before and after, the film, the curve and the counts. */
export async function writePage(file: string, options: PageOptions): Promise<void> {
  const { film, before, after, points, baselines, goals } = options;
  const last = points.at(-1)!;
  const rows = [...baselines, { name: `the robot, after ${last.collisions.toLocaleString("en")} collisions`, ...last }];
  await writeFile(
    file,
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A robot that learned from its collisions</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 48rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  img, svg { max-width: 100%; height: auto; display: block; }
  .count { font-size: 1.6rem; font-weight: 600; margin: 0.2rem 0 1rem; }
  .ways { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.6rem; }
  figure { margin: 0; border-bottom: 4px solid #9aa3af; } figcaption { font-size: 0.85rem; padding: 0.1rem 0; }
  .reached { border-color: #009e73; } .collided { border-color: #c8003c; }
  table { border-collapse: collapse; } th, td { text-align: left; padding: 0.2rem 1.4rem 0.2rem 0; font-weight: 500; }
  small { color: #5b6470; }
</style>
<h1>A robot that learned from its collisions</h1>
<p class="count">${last.collisions.toLocaleString("en")} collisions, 0 labels: ${rounded(100 * last.reached)} % of goals reached, ${rounded(last.per100)} collisions in 100 m</p>
<p>It drives at 1 m/s, cannot stop, and sees 4 m of what is before it. Driving at random to four goals in worlds it has never seen:</p>
<div class="ways">
${figures(before)}
</div>
<p>The same goals, after it learned to predict which turns end in a collision:</p>
<div class="ways">
${figures(after)}
</div>
<p>Blue: its way. Green: the goal. A robot that has collided is red.</p>
<img src="data:image/webp;base64,${Buffer.from(film).toString("base64")}" width="256" alt="The robot seen from above drives between boxes and cylinders to one goal after another.">
${await curve(options)}
<table><tr><th></th><th>goals reached</th><th>collisions in 100 m</th></tr>
${rows.map(({ name, reached, per100 }) => `<tr><td>${name}</td><td>${rounded(100 * reached)} %</td><td>${rounded(per100)}</td></tr>`).join("\n")}
</table>
<p>${goals} goals in ten worlds never seen. While it learned it drove at random in other worlds until it collided, again and again, and
nobody told it anything. To reach a goal it compares 49 ways to steer for a second: how near each gets to the goal, and how likely it is to end in a
collision.</p>
<p><small>After Gandhi, Pinto and Gupta, arXiv 1704.05588, and Kahn et al., arXiv 1709.10489.</small></p>
</html>
`,
  );
}
