import type { Source } from "../../data/index.ts";
import { fitTfIdf } from "../../modalities/text/language/tf-idf.ts";
import { extractFeatures, type Features } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import type { LabelledVectors } from "../vectors/knn.ts";
import { rawFeatures, untrainedParams } from "./features.ts";

/** A way to make vectors of samples that needs no labels. */
export interface Extractor {
  readonly name: "pretrained" | "untrained" | "raw" | "tf-idf";
  /** What readers of its numbers must know. */
  readonly note?: string;
  extract(source: Source<unknown>): Promise<Features>;
}

type Stage = (name: string) => (done: number, total: number) => void;

/**
 * The run's encoder, and beside it what gives its numbers their meaning: the same encoder untrained, and what takes no
 * learning: bags of words where there are words, raw values elsewhere.
 * @param data what the untrained encoder's statistics and the weights of words are taken from
 * @param most samples of the largest source that vectors will be made of
 */
export async function extractorsOf(
  run: Run,
  data: Source<unknown>,
  stage: Stage,
  most = data.length,
): Promise<Extractor[]> {
  const { encoder, modality, config } = run;
  const { device, seed } = config.training;
  const untrained = await untrainedParams(encoder, { modality, source: data }, seed + 1);
  const encoded = (name: "pretrained" | "untrained", params: Run["params"]): Extractor => ({
    name,
    extract: (source) =>
      extractFeatures({ encoder, params, modality, source, device, onProgress: stage(`${name} features`) }),
  });
  const words = modality.vocabulary && (await fitTfIdf(modality, data, most));
  return [
    encoded("pretrained", run.params),
    encoded("untrained", untrained),
    words
      ? { name: "tf-idf", note: words.note, extract: (source) => words.transform(source, stage("TF-IDF")) }
      : { name: "raw", extract: (source) => rawFeatures({ modality, source, onProgress: stage("raw values") }) },
  ];
}

export const notesOf = (extractors: readonly Extractor[]): string[] =>
  extractors.flatMap(({ note }) => (note === undefined ? [] : [note]));

export interface LabelledFeatures extends LabelledVectors {
  /** Entry of the source that each row is of. */
  readonly entries: Int32Array;
  readonly broken: number;
}

/** The rows that have a label, with labels as indices into `classes`. */
export function labelled(features: Features, classes: readonly string[]): LabelledFeatures {
  const { data, dim, indices, broken } = features;
  const own = features.labels ?? new Int32Array(features.rows).fill(-1);
  const kept = Int32Array.from(own.keys()).filter((row) => own[row]! >= 0);
  const labels = kept.map((row) => classes.indexOf(features.classes?.[own[row]!] ?? ""));
  const vectors = { data, rows: features.rows, dim, labels: own };
  return {
    ...select(vectors, kept),
    labels,
    entries: kept.map((row) => indices[row]!),
    broken: broken.length,
  };
}

/** Some of the rows. */
export function select({ data, dim, labels }: LabelledVectors, rows: Int32Array): LabelledVectors {
  const part = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    part.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  return { data: part, rows: rows.length, dim, labels: rows.map((row) => labels[row]!) };
}
