import type { Features } from "../../data/features.ts";
import { type Answers, type Extractor, type Source, truthOf } from "../../data/index.ts";
import { extractFeatures } from "../../training/features.ts";
import type { Run } from "../../training/run/run.ts";
import { untrainedParams } from "../../training/untrained.ts";
import type { LabelledVectors } from "../vectors/knn.ts";
import { contestantNames } from "./names.ts";

/** A way to make features: the run's encoder, the same encoder untrained, or the baseline for this kind of data. */
export interface Contestant extends Extractor {
  readonly role: "pretrained" | "untrained" | "baseline";
}

type Stage = (name: string) => (done: number, total: number) => void;

/**
 * The run's encoder and what it is compared with: the same encoder untrained, and the baseline that an expert would try
 * first on such data, without a learned encoder.
 * @param data where the untrained encoder's statistics and the baseline's weights come from
 * @param most number of samples in the largest source that features will be extracted from
 */
export async function extractorsOf(
  run: Run,
  data: Source<unknown>,
  stage: Stage,
  most = data.length,
): Promise<Contestant[]> {
  const { encoder, modality, modalityDefinition, config } = run;
  const { device, seed } = config.training;
  const untrained = await untrainedParams(config, data, seed + 1);
  const encoded = (role: "pretrained" | "untrained", params: Run["params"]): Contestant => ({
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
  /** Targets, `[rows, outputs]`: see `truthsOf`. */
  readonly truth: Float32Array;
  /** Strata for drawing labels: the classes; one for values and combinations of labels, nearly all of which are unique. */
  readonly strata: Int32Array;
  /** Each row's entry in the source. */
  readonly entries: Int32Array;
  readonly broken: number;
}

/**
 * The rows that have a label, with their targets; of classes, labels are indices into the outputs.
 * @param groups the group of every entry of the source, if there are groups
 */
export function labelled(features: Features, answers: Answers, groups?: Int32Array): LabelledFeatures {
  const { data, dim, indices, broken, classes = [] } = features;
  const rowLabels = features.labels ?? new Int32Array(features.rows).fill(-1);
  const kept = Int32Array.from(rowLabels.keys()).filter((row) => rowLabels[row]! >= 0);
  const isOfClasses = answers.task === "classification" || answers.task === "token-classification";
  const places = classes.map((name) => answers.outputs.indexOf(name));
  const labels = kept.map((row) => (isOfClasses ? places[rowLabels[row]!]! : rowLabels[row]!));
  const vectors = { data, rows: features.rows, dim, labels: rowLabels };
  return {
    ...select(vectors, kept),
    labels,
    truth: truthOf(
      answers,
      classes,
      kept.map((row) => rowLabels[row]!),
    ),
    strata: isOfClasses ? labels : new Int32Array(kept.length),
    groups: groups && kept.map((row) => groups[indices[row]!]!),
    entries: kept.map((row) => indices[row]!),
    broken: broken.length,
  };
}

/** A subset of the rows, in the order given. */
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
