import { join, resolve } from "node:path";
import type { Part, TableOptions } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { writeAtomically } from "../../foundation/files.ts";
import { extractFeatures } from "../../training/features.ts";
import { readProbes } from "../../training/run/metrics.ts";
import { openData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { lossChart, writeChart } from "../drawing/charts.ts";
import { nearestEntries, neighbourImage } from "../drawing/neighbours.ts";
import { probeChart } from "../drawing/probe-chart.ts";
import { partOf } from "../labels/judge.ts";
import { evenly } from "../vectors/evenly.ts";
import { accuracyChart } from "./accuracy-chart.ts";
import type { Evaluation } from "./evaluation.ts";

const QUERIES = 8;
const NEIGHBOURS = 8;
/** Number of entries that the sheet's neighbours are searched in. */
const BANK = 4000;

/**
 * Writes `evaluation.json`, the loss curve, what probes scored while it trained, the accuracies and a sheet of nearest neighbours to the run folder.
 *
 * @example
 * const run = await openRun("runs/photos");
 * const files = await writeReport(run, await evaluate({ run, train: "labelled/train", test: "labelled/test" }));
 */
export async function writeReport(run: Run, evaluation: Evaluation, table: TableOptions = {}): Promise<string[]> {
  const { published } = run.config;
  // The Hub's cache is not the place for it.
  if (published !== undefined && resolve(published) !== run.path) return [];
  const at = (name: string) => join(run.path, name);
  await writeAtomically(at("evaluation.json"), [`${JSON.stringify(evaluation, null, 2)}\n`]);
  const { method, encoder } = evaluation.run;
  await writeChart(at("accuracy"), await accuracyChart(evaluation));
  const files = ["evaluation.json", "accuracy.svg", "accuracy.png"];
  if (published === undefined) {
    await writeChart(at("loss"), await lossChart(await run.metrics(), `${method}, ${encoder}: loss`));
    files.push("loss.svg", "loss.png");
  }
  const probes = await probeChart(await readProbes(run.path), `${method}, ${encoder}: probes while it trained`);
  if (probes) {
    await writeChart(at("probe"), probes);
    files.push("probe.svg", "probe.png");
  }
  const sheet = await neighbours(run, evaluation, table);
  if (!sheet) return files;
  await writeAtomically(at("neighbours.png"), [sheet]);
  return [...files, "neighbours.png"];
}

/** Test samples with their nearest training samples, if they can be shown as pictures. */
async function neighbours(
  run: Run,
  { train, test, split }: Evaluation,
  table: TableOptions,
): Promise<Buffer | undefined> {
  const { modality, encoder, params } = run;
  const open = (path: Paths, part: Part) =>
    openData(run, path, { ...table, splitFile: split?.file }).then((source) => partOf(source, part) ?? source);
  const [bank, queries] = await Promise.all([open(train.path, "train"), open(test.path, "test")]);
  try {
    const placed = async (source: typeof bank, count: number) => ({
      source,
      features: await extractFeatures({ encoder, params, modality, source, indices: evenly(source.length, count) }),
    });
    const rows = nearestEntries(await placed(bank, BANK), await placed(queries, QUERIES), NEIGHBOURS);
    return await neighbourImage(modality, rows, bank, queries);
  } finally {
    await bank.close();
    await queries.close();
  }
}
