import type { Features } from "../../data/features.ts";
import { truthOf } from "../../data/index.ts";
import { measuresOf } from "../../evaluation/scores/measures.ts";
import { accuracyOf } from "../../evaluation/scores/metrics.ts";
import { knnPredict } from "../../evaluation/vectors/knn.ts";
import { linearHead, outputsOf } from "../../evaluation/vectors/probe.ts";
import type { Scores } from "../loop/options.ts";
import type { Slice } from "./slice.ts";

/** Neighbours that vote, as in DINO. */
const NEIGHBOURS = [20];
/** L2 strength of the linear probe: chosen only once training is over. */
const STRENGTH = 1e-3;
/** Most products of a linear probe's step: more take seconds. */
const MOST_PRODUCTS = 2.5e8;

/**
 * Scores features of labelled entries: of classes the accuracies of kNN (k = 20) and of a linear probe; of several labels the
 * mean average precision, of values R², by a linear probe.
 * @param held entries to predict; from the others is learned
 */
export async function scoresOf(
  features: Features,
  answers: Slice["answers"],
  held: ReadonlySet<number>,
): Promise<Scores> {
  const rows = (isHeld: boolean) =>
    Int32Array.from(features.indices.keys()).filter((row) => held.has(features.indices[row]!) === isHeld);
  const [bank, queries] = [partOf(features, rows(false)), partOf(features, rows(true))];
  const { task, outputs } = answers;
  const scores: Record<string, number> = {};
  if (task === "classification") {
    const [nearest = new Int32Array()] = await knnPredict(bank, queries, outputs.length, NEIGHBOURS);
    scores.probeKnn = accuracyOf(nearest, queries.labels);
  }
  if (bank.rows * bank.dim * outputs.length > MOST_PRODUCTS) return scores;
  const truth = (labels: Int32Array) => truthOf(answers, features.classes ?? [], labels);
  const head = await linearHead(answers, { ...bank, truth: truth(bank.labels) }, 0, { strength: STRENGTH });
  const { score } = measuresOf(answers, outputsOf(head, queries.data), truth(queries.labels));
  return { ...scores, [NAMES[task]]: score };
}

const NAMES = {
  classification: "probeLinear",
  "multi-label": "probeMeanAveragePrecision",
  regression: "probeR2",
} as const;

/** Some rows of the features. */
function partOf({ data, dim, labels: all = new Int32Array() }: Features, rows: Int32Array) {
  const part = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    part.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  return { data: part, rows: rows.length, dim, labels: rows.map((row) => all[row]!) };
}
