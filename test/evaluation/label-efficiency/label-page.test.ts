import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import sharp from "sharp";
import { Rng } from "../../../src/array/index.ts";
import { embeddingMap } from "../../../src/evaluation/label-efficiency/embedding-map.ts";
import { type CellResult, reportTasks } from "../../../src/evaluation/label-efficiency/label-cells.ts";
import { confusionChart, labelChart, mapChart } from "../../../src/evaluation/label-efficiency/label-charts.ts";
import { type LabelPage, labelPage } from "../../../src/evaluation/label-efficiency/label-page.ts";
import { summaryOf } from "../../../src/evaluation/label-efficiency/label-summary.ts";
import { labelTable } from "../../../src/evaluation/label-efficiency/label-table.ts";
import {
  formatFactor,
  limitations,
  savingHeadline,
  savingSummary,
} from "../../../src/evaluation/label-efficiency/label-text.ts";

const classes = ['<cats & "dogs">', "birds"];

/** Accuracies of two draws at 10 and 100 labels, of 20 test samples. */
const cellsOf = (contender: CellResult["contender"], few: number, many: number): CellResult[] =>
  [few, many].flatMap((rights, at) =>
    [-1, 1].map((more, draw): CellResult => {
      const right = rights + more;
      const answers: CellResult["answers"] = [
        [0, 0, right],
        [1, 0, 20 - right],
      ];
      return { contender, labels: at === 0 ? 10 : 100, draw, score: right / 20, answers, seconds: 3, steps: 7 };
    }),
  );

const factsOf = (cells: readonly CellResult[], more: Partial<LabelPage["facts"]> = {}): LabelPage["facts"] => ({
  run: { path: "runs/x", method: "simclr", encoder: "vit", step: 50, epoch: 5, seed: 4 },
  pretraining: { entries: 1000, seconds: 90 },
  train: { path: "train", entries: 100, labelled: 100, broken: 0 },
  test: { path: "test", entries: 20, labelled: 20, broken: 0 },
  ...{ task: "classification", outputs: classes, chance: 0.5 },
  settings: { shares: [10, 100], draws: 2, seed: 0, device: "cpu" },
  machine: "1 × slow",
  width: 8,
  frozen: { pretrained: { effectiveRank: 3.25, featureDeviation: 0.5, seconds: 1 } },
  ...summaryOf(cells, { task: "classification", outputs: classes }),
  ...more,
});

const cells = [...cellsOf("probe", 14, 16), ...cellsOf("fine-tuned", 12, 18), ...cellsOf("scratch", 6, 16)];

test("the best model's predictions are pooled over its draws, and every contender has its cost", () => {
  const { best, cost, pretrained, saved } = factsOf(cells);
  assert.deepEqual(best, {
    contender: "fine-tuned",
    labels: 100,
    draws: 2,
    confusion: [
      [36, 0],
      [4, 0],
    ],
  });
  assert.deepEqual(cost[0], { contender: "probe", trainings: 4, seconds: 12, steps: 28 });
  assert.deepEqual(
    pretrained.map(({ labels, mean }) => [labels, Math.round(100 * mean)]),
    [
      [10, 70],
      [100, 90],
    ],
  );
  // From 0.3 with 10 to 0.8 with 100 the way to 0.7 is four fifths of a decade.
  assert.equal(saved?.kind, "exactly");
  assert.ok(Math.abs((saved?.factor ?? 0) - 10 ** 0.8) < 1e-9);
});

test("the page has every part, loads nothing, and runs no code", async () => {
  const facts = factsOf(cells);
  const sheet = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  const html = labelPage({
    facts,
    scores: await labelChart("classification", facts.curves, facts.chance, 20),
    confusion: await confusionChart(facts.best.confusion ?? [], classes),
    map: await mapChart(
      [
        [0, 1],
        [1, 0],
      ],
      Int32Array.of(0, 1),
      classes,
    ),
    points: 2,
    sheet,
  });
  const names = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, name]) => name);
  assert.deepEqual(names, [
    "Accuracy against labels",
    "Labels saved at equal accuracy",
    "Classes",
    "Nearest neighbours",
    "Map of the test samples",
    "Collapse",
    "Time and cost",
    "Limitations",
    "Settings",
  ]);
  assert.equal(html.match(/<svg /g)?.length, 3);
  for (const [, target = ""] of html.matchAll(/(?:src|href)\s*=\s*"?([^"\s>]*)/g))
    assert.match(target, /^data:image\/png;base64,/);
  // Names of namespaces are no addresses that anything is fetched from; clips are in the page.
  const outside = /https?:|url\((?!#)|@import|<script|<link|<iframe| on\w+=/;
  assert.doesNotMatch(html.replaceAll(/ xmlns(?::\w+)?="[^"]*"/g, ""), outside);
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, id] of html.matchAll(/url\(#([^)]*)\)/g)) assert.ok(ids.includes(id), id);
  assert.ok(html.includes("&lt;cats &amp; &quot;dogs&quot;&gt;") && !html.includes("<cats"));
  assert.ok(html.includes("6.3 ×"));
  assert.ok(html.includes("@media print"));
});

test("tables scroll rather than widen the page, numbers stay in one line, and classes count test samples once", () => {
  const html = labelPage({ facts: factsOf(cells), scores: "", points: 0 });
  assert.equal(html.match(/<table/g)?.length, html.match(/<div class="scroll" tabindex="0"><table/g)?.length);
  assert.match(html, /\.scroll \{ overflow-x: auto; \}/);
  assert.match(html, /\btd \{ white-space: nowrap; \}/);
  // Two draws, tested on the same 18 + 2 samples: their matrix holds 40 predictions.
  assert.match(html, /dogs&quot;&gt;<\/th><td>18<\/td>[\s\S]*birds<\/th><td>2<\/td>/);
  assert.match(html, /Most frequent errors, counted over 2 draws:<\/p><ul><li>birds predicted as .*: 4<\/li>/);
});

test("texts replace pictures, and missing parts are explained", () => {
  const facts = factsOf(cells.filter(({ contender }) => contender !== "scratch"));
  const found = [{ text: "a <i>near</i> one", label: "birds", similarity: 0.5, right: false }];
  const html = labelPage({ facts, scores: "", points: 0, lines: [{ text: "query", label: "birds", found }] });
  assert.match(html, /a &lt;i&gt;near&lt;\/i&gt; one <span class="wrong">birds, 0\.500/);
  assert.match(html, /Labels saved: not measured, because nothing was trained from scratch/);
  assert.match(html, /Too few test samples for a map/);
});

test("sounds have players beside their pictures", () => {
  const seen = {
    image: "data:image/png;base64,AA==",
    player: '<audio controls src="data:audio/wav;base64,AA=="></audio>',
  };
  const found = [{ ...seen, label: "a <bird>", similarity: 0.5, right: true }];
  const html = labelPage({ facts: factsOf(cells), scores: "", points: 0, lines: [{ ...seen, label: "birds", found }] });
  assert.equal(html.match(/<audio controls/g)?.length, 2);
  assert.equal(html.match(/<img src="data:image\/png/g)?.length, 2);
  assert.match(html, /<span class="right">a &lt;bird&gt;, 0\.500/);
});

test("a saving is described by its kind", () => {
  const facts = { ...factsOf(cells), doubts: [] };
  const saving = { labels: 10, score: 0.7, kind: "exactly", needed: 63, factor: 6.3 } as const;
  assert.equal(formatFactor(saving), "6.3 ×");
  assert.match(
    savingSummary({ ...facts, saved: saving }),
    /With 10 labels .* 70\.0 % .*; from scratch reaches that with about 63\. Over the 2 draws of the labels the factor's 95 % interval is 6\.3 × to 6\.3 ×\.$/,
  );
  const less = { ...saving, needed: 5, factor: 0.5 };
  assert.match(savingSummary({ ...facts, saved: less }), /Pre-training costs labels here/);
  const bound = { ...saving, kind: "more than", needed: 100, factor: 10 } as const;
  assert.equal(formatFactor(bound), "more than 10 ×");
  assert.match(savingSummary({ ...facts, saved: bound }), /from scratch does not reach that with all 100\.$/);
  const none = { ...saving, kind: "at most", needed: 10, factor: 1 } as const;
  assert.match(savingSummary({ ...facts, saved: none }), /saves no labels here/);
});

const headlineOf = (...of: readonly CellResult[]) => {
  const facts = factsOf(of);
  const html = labelPage({ facts, scores: "", points: 0 });
  const [, shown = ""] = html.match(/<strong>(.*?)<\/strong>/) ?? [];
  assert.equal(shown.replaceAll(/<[^>]*>/g, ""), savingHeadline(facts));
  return { headline: savingHeadline(facts), sentence: savingSummary(facts) };
};

test("the headline names noise, a single draw, and an untrained encoder that does as well", () => {
  // Deviations of 7.1 points: 70 and 30 % are apart, 70 and 65 % are not.
  assert.equal(headlineOf(...cells, ...cellsOf("untrained", 6, 8)).headline, "6.3 ×");
  const noisy = headlineOf(...cellsOf("probe", 14, 18), ...cellsOf("scratch", 13, 16));
  assert.match(noisy.headline, /^\d\.\d ×, within the noise of the draws$/);
  assert.match(noisy.sentence, /with 10 labels pretrained 70\.0 ± 7\.1 %, from scratch 65\.0 ± 7\.1 %\.$/);
  const costly = headlineOf(...cellsOf("probe", 6, 13), ...cellsOf("scratch", 7, 14));
  assert.match(costly.headline, /, within the noise of the draws$/);

  const random = headlineOf(...cells, ...cellsOf("untrained", 15, 15));
  assert.equal(random.headline, "6.3 ×, the untrained encoder does as well at 10 labels");
  assert.match(random.sentence, /75\.0 ± 7\.1 % against 70\.0 ± 7\.1 %: the saving there does not come from/);
  // A little worse, but by less than the draws differ.
  assert.match(headlineOf(...cells, ...cellsOf("untrained", 13, 15)).headline, /the untrained encoder does as well/);

  const first = [...cells, ...cellsOf("untrained", 6, 8)].filter(({ draw }) => draw === 0);
  const once = headlineOf(...first);
  assert.match(once.headline, / ×, from one draw, which may be noise$/);
  assert.match(once.sentence, /pretrained 65\.0 %, from scratch 25\.0 %/);
  const same = [...cellsOf("probe", 14, 16), ...cellsOf("untrained", 14, 16), ...cellsOf("scratch", 6, 16)];
  assert.match(headlineOf(...same.filter(({ draw }) => draw === 0)).headline, /noise, the untrained encoder does as/);

  // From scratch with 10 and 100 labels, and the pretrained encoder later with 30.
  const later = cellsOf("probe", 14, 16).flatMap((cell) => (cell.labels === 10 ? [{ ...cell, labels: 30 }] : []));
  assert.match(headlineOf(...later, ...cellsOf("scratch", 6, 16)).headline, /interpolated, which may be noise$/);
});

test("a single draw has no deviation, in the terminal and on the page", () => {
  const facts = factsOf(
    cells.filter(({ draw }) => draw === 0),
    {
      settings: { shares: [10, 100], draws: 1, seed: 0, device: "cpu" },
    },
  );
  const table = labelTable({ ...facts, out: "", files: [] });
  assert.match(table, /pretrained, linear probe +65\.0 % +75\.0 %/);
  for (const text of [table, labelPage({ facts, scores: "", points: 0 })]) {
    assert.doesNotMatch(text, /± /);
    assert.match(text, /one draw/i);
  }
  assert.match(labelTable({ ...factsOf(cells), out: "", files: [] }), /70\.0 ± 7\.1 %[\s\S]*over 2 draws/);
});

test("the limitations say how training from scratch was augmented, and for how long", () => {
  const facts = factsOf(cells);
  assert.match(
    limitations(facts).join(" "),
    /from scratch uses the same encoder, the same augmentation, about three times/,
  );
  const fromScratch = { steps: 9000, options: { mixup: 0.2 }, modalityOptions: { randAugment: 2 } };
  const others = limitations({ ...facts, settings: { ...facts.settings, fromScratch } }).join(" ");
  assert.match(
    others,
    /same encoder, other augmentation \(mixup 0\.2, randAugment 2\), about 9,000 steps, and all labels/,
  );
});

test("the limitations name the numbers of labels at which the bands overlap", () => {
  const overlapping = limitations(factsOf([...cellsOf("probe", 14, 16), ...cellsOf("scratch", 6, 15)]));
  assert.ok(
    overlapping.some((text) => /^Overlapping bands: with 100 labels /.test(text)),
    overlapping.join("\n"),
  );
  const apart = limitations(factsOf([...cellsOf("probe", 14, 18), ...cellsOf("scratch", 6, 10)]));
  assert.ok(apart.some((text) => /do not overlap/.test(text)));
  assert.ok(apart.some((text) => /pre-trained once, with seed 4/.test(text)));
  const once = limitations(factsOf(cells, { settings: { shares: [100], draws: 1, seed: 0, device: "cpu" } }));
  assert.ok(once.some((text) => text.startsWith("One draw:")));
});

test("the map puts similar points together, is deterministic, and is empty for too few points", async () => {
  const rng = new Rng(2);
  const rows = 60;
  const data = Float32Array.from(
    { length: rows * 4 },
    (_, at) => 0.05 * rng.normal() + Number(at % 4 === Math.floor(at / 4) % 2),
  );
  const points = await embeddingMap(data, 4, 0);
  assert.equal(points.length, rows);
  assert.deepEqual(await embeddingMap(data, 4, 0), points);
  const distance = (a: number, b: number) => Math.hypot(points[a]![0] - points[b]![0], points[a]![1] - points[b]![1]);
  for (let row = 0; row < rows; row++) {
    const others = Array.from({ length: rows }, (_, other) => other).filter((other) => other !== row);
    const nearest = others.reduce((best, other) => (distance(row, other) < distance(row, best) ? other : best));
    assert.equal(nearest % 2, row % 2, `${row}`);
  }
  assert.equal((await embeddingMap(data.slice(0, 16), 4, 0)).length, 4);
  assert.deepEqual(await embeddingMap(data.slice(0, 12), 4, 0), []);
});

test("a chart of any curves is valid SVG, also of a single number of labels", async () => {
  const point = fc.record({
    labels: fc.integer({ min: 1, max: 1e6 }),
    mean: fc.double({ min: -3, max: 1, noNaN: true }),
    deviation: fc.double({ min: 0, max: 0.3, noNaN: true }),
    draws: fc.constant(3),
  });
  const curves = fc.uniqueArray(point, { minLength: 1, maxLength: 4, selector: ({ labels }) => labels });
  await fc.assert(
    fc.asyncProperty(curves, curves, fc.constantFrom(...reportTasks), async (probe, scratch, task) => {
      const svg = await labelChart(task, { probe, scratch }, 0.1, 50);
      assert.match(svg, /^<svg [\s\S]*<\/svg>\s*$/);
      assert.doesNotMatch(svg, /NaN|Infinity|<style| class=/);
    }),
    { numRuns: 20 },
  );
});
