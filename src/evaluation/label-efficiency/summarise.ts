import { cpus } from "node:os";
import type { Features } from "../../data/features.ts";
import type { Source } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { writeAtomically } from "../../foundation/files.ts";
import { type MetricRow, readProbes } from "../../training/run/metrics.ts";
import type { LabelEfficiency, LabelFacts } from "./facts.ts";
import type { FrozenPair } from "./frozen.ts";
import { type CellResult, REPORT_VERSION } from "./label-cells.ts";
import { chanceScore } from "./label-predictions.ts";
import { writeLabelReport } from "./label-report.ts";
import { summaryOf } from "./label-summary.ts";
import type { LabelPlan } from "./plan.ts";

/** Summarises the finished trainings, and writes the page, its charts and `report.json`. */
export async function summarise(
  plan: LabelPlan,
  frozen: FrozenPair,
  cells: readonly CellResult[],
): Promise<LabelEfficiency> {
  const { basis, file, out, options, data } = plan;
  const facts = await factsOf(plan, frozen, cells);
  const { trainFeatures, testFeatures } = frozen.pretrained;
  const files = await writeLabelReport(out, facts, {
    modality: options.run.modality,
    bank: { source: data.train, features: trainFeatures },
    queries: { source: data.test, features: testFeatures },
    probes: await readProbes(options.run.path),
    onProgress: options.onProgress,
  });
  const report: LabelEfficiency = { ...facts, out, files: ["report.json", ...files] };
  await writeAtomically(file, [`${JSON.stringify({ version: REPORT_VERSION, basis, ...report, cells }, null, 1)}\n`]);
  return report;
}

async function factsOf(
  { options, data, task, shares, draws, seed }: LabelPlan,
  { pretrained, untrained }: FrozenPair,
  cells: readonly CellResult[],
): Promise<LabelFacts> {
  const { run, steps, fromScratch } = options;
  const { path, step, epoch, encoder, config } = run;
  const { outputs } = data.answers;
  const seconds = secondsOf(await run.metrics());
  return {
    run: { path, method: config.method.name, encoder: encoder.name, step, epoch, seed: config.training.seed },
    pretraining: { entries: config.data.entries, ...(seconds > 0 ? { seconds } : {}) },
    train: side(options.train, data.train, pretrained.trainFeatures),
    test: side(options.test ?? options.train, data.test, pretrained.testFeatures),
    ...{ task, outputs, chance: chanceScore(data.answers, pretrained.queries.truth) },
    settings: {
      ...{ shares, draws, seed, ...(steps === undefined ? {} : { steps }) },
      ...(fromScratch ? { fromScratch } : {}),
      device: config.training.device,
    },
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, Node.js ${process.versions.node}`,
    width: encoder.embedDim,
    frozen: { pretrained: pretrained.facts, untrained: untrained.facts },
    ...summaryOf(cells, { task, outputs }),
  };
}

const side = (path: Paths, source: Source<unknown>, { rows, broken }: Features): LabelFacts["train"] => ({
  ...{ path: inWords(path), entries: source.length, labelled: rows, broken: broken.length },
});

/** Total seconds: the count restarts at 0 whenever a run is resumed. */
const secondsOf = (rows: readonly MetricRow[]): number =>
  rows.reduce((sum, { seconds }, at) => sum + (seconds <= (rows[at + 1]?.seconds ?? 0) ? 0 : seconds), 0);
