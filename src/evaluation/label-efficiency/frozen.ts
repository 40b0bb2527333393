import type { Features } from "../../data/features.ts";
import { type Answers, type Source, truthOf } from "../../data/index.ts";
import type { InitialParams } from "../../encoders/index.ts";
import { type Spread, spreadOf } from "../../training/collapse.ts";
import { extractFeatures } from "../../training/features.ts";
import { groupsOf } from "../labels/groups.ts";
import { labelledEntries } from "../labels/supervision.ts";
import { evenly } from "../vectors/evenly.ts";
import type { ProbeData } from "../vectors/probe.ts";
import { select } from "../worth/contestants.ts";
import { untrainedParams } from "../worth/features.ts";
import type { FrozenFacts } from "./facts.ts";
import type { LabelPlan } from "./plan.ts";

/** What an encoder that learns no more makes of the labelled samples, which probes are trained and judged on. */
export interface Frozen {
  /** Of the training data and of the test data, with what is right about them. */
  readonly bank: ProbeFeatures;
  readonly queries: ProbeFeatures;
  /** The same as they came out of the encoder. */
  readonly learned: Features;
  readonly judged: Features;
  readonly facts: FrozenFacts;
}

/** Of the pretrained encoder, and of the same with random weights. */
export interface FrozenPair {
  readonly pretrained: Frozen;
  readonly untrained: Frozen;
}

/** Rows that the indicators of collapse look at. */
const SPREAD = 128;

/** The features of both encoders. @throws the signal's reason once it is aborted */
export async function frozenFeatures(plan: LabelPlan): Promise<FrozenPair> {
  const { run } = plan.options;
  const groups = await groupsOf(run.modalityDefinition, plan.data.train);
  const pretrained = await frozen(plan, "pretrained", run.params, groups);
  const { encoder, modality, config } = run;
  const weights = await untrainedParams(encoder, { modality, source: plan.data.train }, config.training.seed + 1);
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
  const learned = await extract(data.train, "training data");
  const judged = await extract(data.test, "test data");
  const seconds = (performance.now() - began) / 1000;
  const facts: FrozenFacts = { ...spreadOfSome(judged), seconds };
  const bank = withTruth(data.answers, learned, groups);
  return { bank, queries: withTruth(data.answers, judged), judged, learned, facts };
}

/** Features with what is right about them; `entries` of the source that each row is of. */
interface ProbeFeatures extends ProbeData {
  readonly entries: Int32Array;
}

/**
 * @param features of labelled entries
 * @param groups of every entry, where they have any
 */
function withTruth(answers: Answers, features: Features, groups?: Int32Array): ProbeFeatures {
  const { data, dim, rows, indices, classes = [], labels = new Int32Array(rows) } = features;
  const grouped = groups && indices.map((entry) => groups[entry]!);
  return { data, dim, rows, truth: truthOf(answers, classes, labels), labels, entries: indices, groups: grouped };
}

/** The rows of entries that were drawn; those that could not be read are in none. */
export function rowsOf({ data, dim, truth, labels, entries, groups }: ProbeFeatures, drawn: Int32Array): ProbeData {
  const wanted = new Set(drawn);
  const rows = Int32Array.from(entries.keys()).filter((row) => wanted.has(entries[row]!));
  const some = (values: Float32Array, width: number) =>
    select({ data: values, dim: width, rows: entries.length, labels, groups }, rows);
  return { ...some(data, dim), truth: some(truth, truth.length / entries.length).data };
}

/** Of rows all over the data: those of a class often stand together. */
function spreadOfSome({ data, dim, rows }: Features): Spread {
  const chosen = evenly(rows, SPREAD);
  const { data: part } = select({ data, dim, rows, labels: new Int32Array(rows) }, chosen);
  return spreadOf({ dtype: "float32", shape: [chosen.length, dim], data: part });
}
