import type { Features } from "../../data/features.ts";
import type { Extractor, Source } from "../../data/index.ts";
import { extractFeatures } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import type { LabelledVectors } from "../vectors/knn.ts";
import { untrainedParams } from "./features.ts";
import { contestantNames } from "./names.ts";

/** Who takes part in a comparison: the run's encoder, the same untrained, and the baseline of its kind of data. */
export interface Entrant extends Extractor {
  readonly role: "pretrained" | "untrained" | "baseline";
}

type Stage = (name: string) => (done: number, total: number) => void;

/**
 * The run's encoder, and beside it what gives its numbers their meaning: the same encoder untrained, and what an expert
 * would try first on such data, which needs no learned encoder.
 * @param data what the untrained encoder's statistics and the baseline's weights are taken from
 * @param most samples of the largest source that vectors will be made of
 */
export async function extractorsOf(
  run: Run,
  data: Source<unknown>,
  stage: Stage,
  most = data.length,
): Promise<Entrant[]> {
  const { encoder, modality, modalityDefinition, config } = run;
  const { device, seed } = config.training;
  const untrained = await untrainedParams(encoder, { modality, source: data }, seed + 1);
  const encoded = (role: "pretrained" | "untrained", params: Run["params"]): Entrant => ({
    role,
    name: contestantNames[role],
    extract: (source) =>
      extractFeatures({ encoder, params, modality, source, device, onProgress: stage(`${role} features`) }),
  });
  const baseline = await modalityDefinition.baseline(modality, data, { most });
  return [
    encoded("pretrained", run.params),
    encoded("untrained", untrained),
    { ...baseline, role: "baseline", extract: (source) => baseline.extract(source, stage(baseline.name)) },
  ];
}

export const notesOf = (extractors: readonly Extractor[]): string[] =>
  extractors.flatMap(({ note }) => (note === undefined ? [] : [note]));

export interface LabelledFeatures extends LabelledVectors {
  /** Entry of the source that each row is of. */
  readonly entries: Int32Array;
  readonly broken: number;
}

/**
 * The rows that have a label, with labels as indices into `classes`.
 * @param groups of every entry of the source, where there are any
 */
export function labelled(features: Features, classes: readonly string[], groups?: Int32Array): LabelledFeatures {
  const { data, dim, indices, broken } = features;
  const own = features.labels ?? new Int32Array(features.rows).fill(-1);
  const kept = Int32Array.from(own.keys()).filter((row) => own[row]! >= 0);
  const labels = kept.map((row) => classes.indexOf(features.classes?.[own[row]!] ?? ""));
  const vectors = { data, rows: features.rows, dim, labels: own };
  return {
    ...select(vectors, kept),
    labels,
    groups: groups && kept.map((row) => groups[indices[row]!]!),
    entries: kept.map((row) => indices[row]!),
    broken: broken.length,
  };
}

/** Some of the rows. */
export function select({ data, dim, labels, groups }: LabelledVectors, rows: Int32Array): LabelledVectors {
  const part = new Float32Array(rows.length * dim);
  rows.forEach((row, at) => {
    part.set(data.subarray(row * dim, (row + 1) * dim), at * dim);
  });
  return {
    data: part,
    rows: rows.length,
    dim,
    labels: rows.map((row) => labels[row]!),
    groups: groups && rows.map((row) => groups[row]!),
  };
}
