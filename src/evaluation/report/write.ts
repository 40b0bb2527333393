import { join } from "node:path";
import { writeAtomically } from "../../foundation/files.ts";
import { extractFeatures } from "../../training/features.ts";
import type { Run } from "../../training/run.ts";
import type { Evaluation } from "../evaluate.ts";
import { topIndices } from "../knn.ts";
import { unitRows } from "../normalize.ts";
import { accuracyChart, lossChart, writeChart } from "./charts.ts";
import { neighbourSheet, type SheetRow } from "./sheet.ts";

const QUERIES = 8;
const NEIGHBOURS = 8;
/** Entries among which the sheet's neighbours are looked for. */
const BANK = 4000;

/** Leaves `evaluation.json`, the loss curve, the accuracies and a sheet of nearest neighbours in the run folder. */
export async function writeReport(run: Run, evaluation: Evaluation): Promise<string[]> {
  const at = (name: string) => join(run.path, name);
  await writeAtomically(at("evaluation.json"), [`${JSON.stringify(evaluation, null, 2)}\n`]);
  const { method, encoder } = evaluation.run;
  await writeChart(at("loss"), lossChart(await run.metrics(), `${method}, ${encoder}: loss`));
  await writeChart(at("accuracy"), accuracyChart(evaluation));
  const files = ["evaluation.json", "loss.svg", "loss.png", "accuracy.svg", "accuracy.png"];
  if (!run.modality.preview) return files;
  await writeAtomically(at("neighbours.png"), [await neighbours(run, evaluation)]);
  return [...files, "neighbours.png"];
}

/** Test samples beside their nearest training samples. */
async function neighbours(run: Run, { train, test }: Evaluation): Promise<Buffer> {
  const { modality, encoder, params, modalityDefinition } = run;
  const [bank, asked] = await Promise.all([modalityDefinition.open(train.path), modalityDefinition.open(test.path)]);
  try {
    const spread = (length: number, count: number) =>
      Int32Array.from({ length: Math.min(count, length) }, (_, i) =>
        Math.floor((i * length) / Math.min(count, length)),
      );
    const known = await extractFeatures({
      encoder,
      params,
      modality,
      source: bank,
      indices: spread(bank.length, BANK),
    });
    const queries = await extractFeatures({
      encoder,
      params,
      modality,
      source: asked,
      indices: spread(asked.length, QUERIES),
    });
    const { dim } = known;
    const vectors = unitRows(known.data, known.rows, dim);
    const units = unitRows(queries.data, queries.rows, dim);
    const picture = async (source: typeof bank, index: number) => modality.preview!(await source.read(index));
    const className = (source: typeof bank, index: number) => source.classes?.[source.labels?.[index] ?? -1];
    const rows: SheetRow[] = [];
    for (const [row, index] of queries.indices.entries()) {
      const scores = Float32Array.from({ length: known.rows }, (_, other) => {
        let sum = 0;
        for (let i = 0; i < dim; i++) sum += units[row * dim + i]! * vectors[other * dim + i]!;
        return sum;
      });
      const nearest = topIndices(scores, NEIGHBOURS);
      const own = className(asked, index);
      const matches = [];
      for (const match of nearest) {
        const entry = known.indices[match]!;
        const theirs = className(bank, entry);
        matches.push({
          picture: await picture(bank, entry),
          ...(own !== undefined && theirs !== undefined ? { right: own === theirs } : {}),
        });
      }
      rows.push({ query: await picture(asked, index), matches });
    }
    return await neighbourSheet(rows);
  } finally {
    await bank.close();
    await asked.close();
  }
}
