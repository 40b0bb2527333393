import type { Features } from "../../data/features.ts";
import { type Answers, type Source, truthOf } from "../../data/index.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { labelledEntries } from "../../data/parts/part.ts";
import type { InitialParams } from "../../encoders/index.ts";
import { type Spread, spreadOf } from "../../training/collapse.ts";
import { extractFeatures } from "../../training/features.ts";
import { untrainedParams } from "../../training/untrained.ts";
import { evenly } from "../vectors/evenly.ts";
import type { ProbeData } from "../vectors/probe.ts";
import { select } from "../worth/contestants.ts";
import type { FrozenFacts } from "./facts.ts";
import type { LabelPlan } from "./plan.ts";

/** Features of the labelled samples by a frozen encoder, on which probes are trained and tested. */
export interface Frozen {
  /** Features of the training and of the test data, with targets. */
  readonly bank: ProbeFeatures;
  readonly queries: ProbeFeatures;
  /** The same without targets. */
  readonly trainFeatures: Features;
  readonly testFeatures: Features;
  readonly facts: FrozenFacts;
}

/** For the pretrained encoder and for the same encoder with random weights. */
export interface FrozenPair {
  readonly pretrained: Frozen;
  readonly untrained: Frozen;
}

/** Rows that the collapse indicators are computed on. */
const SPREAD = 128;

/** The features of both encoders. @throws the signal's reason once it is aborted */
export async function frozenFeatures(plan: LabelPlan): Promise<FrozenPair> {
  const { run } = plan.options;
  const groups = await groupNumbersOf(run.modalityDefinition, plan.data.train);
  const pretrained = await frozen(plan, "pretrained", run.params, groups);
  const weights = await untrainedParams(run.config, plan.data.train, run.config.training.seed + 1);
  return { pretrained, untrained: await frozen(plan, "untrained", weights, groups) };
}

async function frozen(
  { options, data }: LabelPlan,
  name: keyof FrozenPair,
  params: InitialParams,
  groups: Int32Array | undefined,
): Promise<Frozen> {
  const { run, signal, onProgress } = options;
  const { encoder, modality, config } = run;
  const began = performance.now();
  const extract = (source: Source<unknown>, of: string) =>
    extractFeatures({
      ...{ encoder, params, modality, source, device: config.training.device },
      indices: labelledEntries(source.labels),
      onProgress: (done, total) => {
        signal?.throwIfAborted();
        onProgress?.(`${name} features, ${of}`, done, total);
      },
    });
  const trainFeatures = await extract(data.train, "training data");
  const testFeatures = await extract(data.test, "test data");
  const seconds = (performance.now() - began) / 1000;
  const facts: FrozenFacts = { ...spreadOfSome(testFeatures), seconds };
  const bank = withTargets(data.answers, trainFeatures, groups);
  return { bank, queries: withTargets(data.answers, testFeatures), testFeatures, trainFeatures, facts };
}

/** Features with targets, and each row's entry in the source. */
interface ProbeFeatures extends ProbeData {
  readonly entries: Int32Array;
}

/**
 * @param features features of labelled entries
 * @param groups the group of every entry, if there are groups
 */
function withTargets(answers: Answers, features: Features, groups?: Int32Array): ProbeFeatures {
  const { data, dim, rows, indices, classes = [], labels = new Int32Array(rows) } = features;
  const grouped = groups && indices.map((entry) => groups[entry]!);
  return { data, dim, rows, truth: truthOf(answers, classes, labels), labels, entries: indices, groups: grouped };
}

/** The rows of the drawn entries; unreadable entries have no row. */
export function rowsOf({ data, dim, truth, labels, entries, groups }: ProbeFeatures, drawn: Int32Array): ProbeData {
  const wanted = new Set(drawn);
  const rows = Int32Array.from(entries.keys()).filter((row) => wanted.has(entries[row]!));
  const some = (values: Float32Array, width: number) =>
    select({ data: values, dim: width, rows: entries.length, labels, groups }, rows);
  return { ...some(data, dim), truth: some(truth, truth.length / entries.length).data };
}

/** The spread of rows evenly spaced over the data, which are often sorted by class. */
function spreadOfSome({ data, dim, rows }: Features): Spread {
  const chosen = evenly(rows, SPREAD);
  const { data: part } = select({ data, dim, rows, labels: new Int32Array(rows) }, chosen);
  return spreadOf({ dtype: "float32", shape: [chosen.length, dim], data: part });
}
