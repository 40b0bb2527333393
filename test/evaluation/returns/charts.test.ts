import assert from "node:assert/strict";
import { test } from "node:test";
import { curvesChart, scoresChart } from "../../../src/evaluation/returns/charts.ts";
import { returnsSummary } from "../../../src/evaluation/returns/summary.ts";

const options = { resamples: 400 };
/** Centres of the circles of a size, in px. A zrender circle is two arcs from its rightmost point. */
const circles = (svg: string) => [
  ...svg.matchAll(/<path d="M1 0A1 1[^>]*transform="matrix\([^)]*?,(-?[\d.]+),(-?[\d.]+)\)"/g),
];

test("every seed has its dot, in order along the axis, and the bar covers the interval", async () => {
  const rows = [
    { name: "td3", scores: [100, 300, 200] },
    { name: "td3 & sale", scores: [800, 900] },
  ];
  const svg = await scoresChart("a task, 5 steps", "return", rows, options);
  const dots = circles(svg).map(([, x, y]) => [Number(x), Number(y)] as const);
  assert.equal(dots.length, 5);
  const byScore = [dots[0]!, dots[2]!, dots[1]!, dots[3]!, dots[4]!].map(([x]) => x);
  assert.deepEqual(
    byScore,
    byScore.toSorted((a, b) => a - b),
  );
  // Pixels per point of return, from the dots; the first bar has the interval's width.
  const scale = (byScore[4]! - byScore[0]!) / 800;
  const { low, high } = returnsSummary([[100, 300, 200]], options);
  const [, width] = /d="M[\d.]+ [\d.]+l([\d.]+) 0[^"]*"[^>]*fill-opacity="0.25"/.exec(svg) ?? [];
  assert.ok(Math.abs(Number(width) - (high - low) * scale) < 1, `${width} px for ${high - low}`);
  assert.match(svg, /td3 &amp; sale/);
  assert.match(svg, /a task, 5 steps/);
});

test("a curve has a line, a band and a dot for each seed and step", async () => {
  const points = [0, 1000, 2000].map((step) => ({ step, scores: [step, step + 100, step - 50] }));
  const curves = [
    { name: "with", points },
    { name: "without", points: points.slice(0, 2) },
  ];
  const svg = await curvesChart("hopper", "return", curves, options);
  assert.equal(circles(svg).length, 9 + 6);
  assert.equal(svg.match(/fill-opacity="0.16"/g)?.length, 2);
  await assert.rejects(
    curvesChart("hopper", "return", [{ name: "none", points: [{ step: 0, scores: [] }] }]),
    /no score/,
  );
});
