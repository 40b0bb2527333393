import { join } from "node:path";
import type { Modality, Source } from "../../data/index.ts";
import { writeAtomically } from "../../foundation/files.ts";
import type { ProbeRow } from "../../training/run/metrics.ts";
import { writeChart } from "../drawing/charts.ts";
import { className, type NeighbourRow, nearestEntries, neighbourImage, type Placed } from "../drawing/neighbours.ts";
import { pageOf } from "../drawing/player.ts";
import { probeChart } from "../drawing/probe-chart.ts";
import { evenly } from "../vectors/evenly.ts";
import { select } from "../worth/contestants.ts";
import { embeddingMap } from "./embedding-map.ts";
import type { LabelFacts } from "./facts.ts";
import { confusionChart, labelChart, MOST_MATRIX, mapChart } from "./label-charts.ts";
import { labelPage } from "./label-page.ts";
import { measureText } from "./measure-text.ts";
import type { NeighbourLine } from "./neighbours-section.ts";
import { pairsChart, valueMapChart } from "./value-charts.ts";

/** Most points on the map: more are illegible, and slow. */
const MAP_POINTS = 2000;
const QUERIES = 10;
const NEIGHBOURS = 8;
/** Neighbours of each query that are read or heard. */
const CLOSEST = 4;

/**
 * Writes `report.html` and its charts, as SVG and PNG, to the folder.
 * @param samples features of the training data (`bank`) and of the test data (`queries`)
 * @returns names of the files
 */
export async function writeLabelReport(
  out: string,
  facts: LabelFacts,
  samples: {
    readonly modality: Modality<unknown>;
    readonly bank: Placed;
    readonly queries: Placed;
    /** Probes that were made while the run trained. */
    readonly probes: readonly ProbeRow[];
    readonly onProgress?: (stage: string, done: number, total: number) => void;
  },
): Promise<string[]> {
  const { modality, bank, queries, onProgress } = samples;
  const { task, outputs, curves, chance, test, best, settings } = facts;
  const files: string[] = [];
  const chart = async (name: string, svg: string) => {
    await writeChart(join(out, name), svg);
    files.push(`${name}.svg`, `${name}.png`);
    return svg;
  };
  const scores = await chart("scores", await labelChart(task, curves, chance, test.labelled));
  const confusion =
    task === "classification" && best.confusion && outputs.length <= MOST_MATRIX
      ? await chart("confusion", await confusionChart(best.confusion, outputs))
      : undefined;
  const values = best.pairs ? await chart("values", await pairsChart(best.pairs)) : undefined;

  const shown = some(queries, MAP_POINTS);
  const { data, dim, indices } = shown.features;
  const points = await embeddingMap(data, dim, settings.seed, (done, total) => onProgress?.("map", done, total));
  const names = Array.from(indices, (entry) => className(queries.source, entry) ?? "");
  const colours =
    points.length === 0
      ? undefined
      : task === "regression"
        ? await valueMapChart(points, names.map(Number))
        : await mapChart(points, ...labelsOf(names, task === "classification" ? outputs : undefined));
  const map = colours && (await chart("map", colours));

  onProgress?.("nearest neighbours", 0, 1);
  const found = nearestEntries(bank, some(queries, QUERIES), NEIGHBOURS);
  const rows = measureText[task].alike === undefined ? found.map(withoutVerdict) : found;
  const sheet = await neighbourImage(modality, rows, bank.source, queries.source);
  if (sheet) {
    await writeAtomically(join(out, "neighbours.png"), [sheet]);
    files.push("neighbours.png");
  }
  const [first] = rows;
  const isPlayed = first && (await modality.show(await queries.source.read(first.query))).media !== undefined;
  const shownRows =
    sheet && !isPlayed ? { sheet } : { lines: await linesOf(modality, rows, bank.source, queries.source) };
  const probes = await probeChart(samples.probes, "Probes of held-out entries");
  if (probes) await chart("probe", probes);
  const page = labelPage({
    facts,
    scores,
    confusion,
    values,
    map,
    points: points.length,
    ...(probes ? { probes } : {}),
    ...shownRows,
  });
  await writeAtomically(join(out, "report.html"), [page]);
  return ["report.html", ...files];
}

/** Class names as indices into the classes, or into the names that occur. */
function labelsOf(
  names: readonly string[],
  classes: readonly string[] = [...new Set(names)].sort(),
): [labels: Int32Array, classes: readonly string[]] {
  return [Int32Array.from(names, (name) => classes.indexOf(name)), classes];
}

const withoutVerdict = ({ query, matches }: NeighbourRow): NeighbourRow => ({
  query,
  matches: matches.map(({ entry, similarity }) => ({ entry, similarity })),
});

/** Features of `count` entries, evenly spaced over the data. */
function some({ source, features: { data, dim, indices } }: Placed, count: number): Placed {
  const rows = evenly(indices.length, count);
  const part = select({ data, dim, rows: indices.length, labels: indices }, rows);
  return { source, features: { data: part.data, dim, indices: part.labels } };
}

/** Neighbours by their text, or else their names; with a picture and a player where samples have one. */
async function linesOf(
  modality: Modality<unknown>,
  rows: readonly NeighbourRow[],
  bank: Source<unknown>,
  queries: Source<unknown>,
): Promise<NeighbourLine[]> {
  const onPage = pageOf();
  const sample = async (source: Source<unknown>, entry: number) => {
    const { text, ...seen } = await onPage(await modality.show(await source.read(entry)));
    return { ...seen, text: text || source.name(entry), label: className(source, entry) ?? "" };
  };
  const lines = [];
  for (const { query, matches } of rows) {
    const found = [];
    for (const { entry, similarity, right } of matches.slice(0, CLOSEST))
      found.push({ ...(await sample(bank, entry)), similarity, right });
    lines.push({ ...(await sample(queries, query)), found });
  }
  return lines;
}
