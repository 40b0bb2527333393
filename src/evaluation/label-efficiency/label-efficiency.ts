import { cpus } from "node:os";
import { join } from "node:path";
import type { Features } from "../../data/features.ts";
import { type Answers, type Source, truthOf } from "../../data/index.ts";
import type { InitialParams } from "../../encoders/index.ts";
import { makeFolder, writeAtomically } from "../../foundation/files.ts";
import { type Spread, spreadOf } from "../../training/collapse.ts";
import { drawLabels } from "../../training/data/split.ts";
import { extractFeatures } from "../../training/features.ts";
import type { MetricRow } from "../../training/run/metrics.ts";
import type { Run } from "../../training/run/run.ts";
import { evenly } from "../drawing/neighbours.ts";
import { trainAndJudge } from "../labels/end-to-end.ts";
import { groupsOf } from "../labels/groups.ts";
import { answersOn } from "../labels/judge.ts";
import { openTrainAndTest, type TrainAndTest } from "../labels/labelled-sources.ts";
import { digestOfLabels, labelledEntries, strataOf } from "../labels/supervision.ts";
import type { ProbeData } from "../vectors/probe.ts";
import { select } from "../worth/contestants.ts";
import { digestOfWeights, untrainedParams } from "../worth/features.ts";
import { type Answered, answeredBy, probed, scoreByChance, type Together } from "./label-answers.ts";
import {
  type Basis,
  type Cell,
  type CellResult,
  type Contender,
  contenders,
  countsOf,
  keptCells,
  planOf,
  type ReportTask,
  runCells,
} from "./label-cells.ts";
import type { Curve, Doubt, Saving } from "./label-curves.ts";
import { writeLabelReport } from "./label-report.ts";
import { summaryOf } from "./label-summary.ts";

export interface LabelEfficiencyOptions extends TrainAndTest {
  readonly run: Run;
  /** What the labels are; classes by default. */
  readonly task?: ReportTask;
  /** Of the labels, in percent; 1, 2, 5, 10, 25 and 100 by default. */
  readonly shares?: readonly number[];
  /** How often the labels of each share are drawn; 3 by default. */
  readonly draws?: number;
  /** Folder of the report; `report` in the run's by default. */
  readonly out?: string;
  /** Most steps of a training of the encoder; see `finetune` for what they are by default. */
  readonly steps?: number;
  /** Also fine-tune all of the pretrained encoder, and train the same from scratch; both by default. */
  readonly finetune?: boolean;
  readonly scratch?: boolean;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Frozen features of one set of weights: how they spread, and what making them took. */
export interface FrozenFacts extends Spread {
  readonly seconds: number;
}

export interface LabelEfficiency {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  /** Samples of the pre-training, and how long it took. */
  readonly pretraining: { readonly entries: number; readonly seconds?: number };
  readonly train: { path: string; entries: number; labelled: number; broken: number };
  readonly test: { path: string; entries: number; labelled: number; broken: number };
  readonly task: ReportTask;
  /** Names of the classes or labels, or `value`. */
  readonly outputs: readonly string[];
  /** The score on the test data of who has not looked at a sample; see `scoreByChance`. */
  readonly chance: number;
  readonly settings: {
    readonly shares: readonly number[];
    draws: number;
    seed: number;
    steps?: number;
    device: string;
  };
  readonly machine: string;
  readonly curves: Partial<Record<Contender, Curve>>;
  /** The better of probe and fine-tuned at each number of labels. */
  readonly pretrained: Curve;
  readonly savings: readonly Saving[];
  /** The one number; see `labelsSaved`. */
  readonly saved?: Saving;
  /** What speaks against it; see `doubtsOf`. */
  readonly doubts: readonly Doubt[];
  /** Of the best at the most labels, untrained ones aside, all draws together; see `togetherIn`. */
  readonly best: { contender: Contender; labels: number; draws: number } & Together;
  readonly cost: readonly { contender: Contender; trainings: number; seconds: number; steps?: number }[];
  readonly width: number;
  readonly frozen: { readonly pretrained: FrozenFacts; readonly untrained?: FrozenFacts };
  /** Written, in the folder `out`. */
  readonly out: string;
  readonly files: readonly string[];
}

/** Of values, and of samples with several labels, so few tell nothing. */
const LEAST = 5;
/** Rows that the indicators of collapse look at. */
const SPREAD = 128;

/**
 * Whether pre-training was worth it: accuracy (or mean average precision, or R²) against the number of labels for a linear
 * probe, full fine-tuning, the same encoder from scratch, and a probe of the encoder untrained, each with several draws,
 * on one page that needs nothing else. Every finished training is kept in `report.json`, and a call that finds some there
 * does the others only.
 * @returns nothing when `signal` stopped it; what is finished is kept
 * @throws UserError when labels are missing, the classes do not match, or `out` holds a report of something else
 */
export async function labelEfficiency(options: LabelEfficiencyOptions): Promise<LabelEfficiency | undefined> {
  const { run, task = "classification", seed = 0, draws = 3, shares = [1, 2, 5, 10, 25, 100] } = options;
  const { out = join(run.path, "report") } = options;
  const { onNote, onProgress, signal, steps } = options;
  const { modality, encoder, config } = run;
  const { device } = config.training;
  const { train, test, classes, answers, close } = await openTrainAndTest(run, options, task);
  try {
    const entries = labelledEntries(train.labels);
    const least =
      task === "classification"
        ? { count: classes.length, words: `the ${classes.length} classes` }
        : { count: LEAST, words: String(LEAST) };
    const counts = countsOf(shares, entries.length, least, onNote);
    const asked = contenders.filter(
      (name) =>
        !(name === "fine-tuned" && options.finetune === false) && !(name === "scratch" && options.scratch === false),
    );
    const file = join(out, "report.json");
    const basis: Basis = {
      task,
      encoder: digestOfWeights(run.params),
      train: digestOfLabels(train),
      test: digestOfLabels(test),
      seed,
      steps: steps ?? null,
    };
    // Before the features, which take their time.
    await keptCells(file, basis);
    await makeFolder(out);

    const groups = await groupsOf(run.modalityDefinition, train);
    const frozen = async (name: "pretrained" | "untrained", params: InitialParams) => {
      const began = performance.now();
      const extract = (source: Source<unknown>, of: string) =>
        extractFeatures({
          ...{ encoder, params, modality, source, device, indices: labelledEntries(source.labels) },
          onProgress: (done, total) => {
            signal?.throwIfAborted();
            onProgress?.(`${name} features, ${of}`, done, total);
          },
        });
      const learned = await extract(train, "training data");
      const judged = await extract(test, "test data");
      const seconds = (performance.now() - began) / 1000;
      const facts: FrozenFacts = { ...spreadOfSome(judged), seconds };
      return { bank: withTruth(answers, learned, groups), queries: withTruth(answers, judged), judged, learned, facts };
    };
    const pretrained = await frozen("pretrained", run.params);
    const weights = await untrainedParams(encoder, { modality, source: train }, config.training.seed + 1);
    const untrained = await frozen("untrained", weights);

    const drawn = ({ labels, draw }: Cell): Int32Array => drawLabels(strataOf(train, task), labels, seed + draw);
    const work = async (cell: Cell, told: (done: number, total: number) => void): Promise<CellResult> => {
      const began = performance.now();
      const result = (answered: Answered, taken?: number): CellResult => ({
        ...cell,
        ...answered,
        seconds: (performance.now() - began) / 1000,
        ...(taken === undefined ? {} : { steps: taken }),
      });
      if (cell.contender === "probe" || cell.contender === "untrained") {
        const { bank, queries } = cell.contender === "probe" ? pretrained : untrained;
        return result(await probed(answers, rowsOf(bank, drawn(cell)), queries, seed + cell.draw));
      }
      let taken = 0;
      const { column, labelColumn } = options;
      const answered = await trainAndJudge(
        {
          ...{ from: run.path, train: options.train, labels: options.trainLabels, column, labelColumn, steps, signal },
          task,
          labelCount: cell.labels,
          scratch: cell.contender === "scratch",
          training: { seed: seed + cell.draw, workers: config.training.workers, device },
          onProgress: ({ step, steps: of }) => {
            taken = step;
            told(step, of);
          },
        },
        async (trained) => {
          const { answers: own, judged } = await answersOn(trained, { data: options.test, source: test });
          return answeredBy(own, judged.logits, judged.truth);
        },
      );
      return result(answered, taken);
    };
    let stage = "";
    const told = (done: number, total: number) => onProgress?.(stage, done, total);
    const { cells, isDone } = await runCells(file, basis, planOf(counts, draws, asked), (cell) => work(cell, told), {
      signal,
      onCell: ({ cell: { contender, labels, draw }, place, of, etaSeconds }) => {
        const eta = etaSeconds === undefined ? "" : `, about ${inWords(etaSeconds)} left`;
        stage = `${contender}, ${labels} labels, draw ${draw + 1} of ${draws} (${place} of ${of}${eta})`;
        told(0, 1);
      },
    });
    if (!isDone) return undefined;

    const seconds = secondsOf(await run.metrics());
    const { path, step, epoch } = run;
    const side = (name: string, source: Source<unknown>, { rows, broken }: Features) => ({
      ...{ path: name, entries: source.length, labelled: rows, broken: broken.length },
    });
    const facts = {
      run: { path, method: config.method.name, encoder: encoder.name, step, epoch, seed: config.training.seed },
      pretraining: { entries: config.data.entries, ...(seconds > 0 ? { seconds } : {}) },
      train: side(options.train, train, pretrained.learned),
      test: side(options.test, test, pretrained.judged),
      ...{ task, outputs: answers.outputs, chance: scoreByChance(answers, pretrained.queries.truth) },
      settings: { shares, draws, seed, ...(steps === undefined ? {} : { steps }), device },
      machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, Node.js ${process.versions.node}`,
      width: encoder.embedDim,
      frozen: { pretrained: pretrained.facts, untrained: untrained.facts },
      ...summaryOf(cells, { task, outputs: answers.outputs }),
    };
    const bank = { source: train, features: pretrained.learned };
    const queries = { source: test, features: pretrained.judged };
    const files = await writeLabelReport(out, facts, { modality, bank, queries, onProgress });
    const report: LabelEfficiency = { ...facts, out, files: ["report.json", ...files] };
    await writeAtomically(file, [`${JSON.stringify({ version: 1, basis, ...report, cells }, null, 1)}\n`]);
    return report;
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  } finally {
    await close();
  }
}

/** Every process of a run that was resumed counts from 0. */
const secondsOf = (rows: readonly MetricRow[]): number =>
  rows.reduce((sum, { seconds }, at) => sum + (seconds <= (rows[at + 1]?.seconds ?? 0) ? 0 : seconds), 0);

/** Features with what is right about them; `entries` of the source that each row is of. */
interface Known extends ProbeData {
  readonly entries: Int32Array;
}

/** @param features of labelled entries */
function withTruth(
  answers: Answers,
  { data, dim, rows, indices, labels, classes = [] }: Features,
  groups?: Int32Array,
): Known {
  const own = labels ?? new Int32Array(rows);
  const grouped = groups && indices.map((entry) => groups[entry]!);
  return { data, dim, rows, truth: truthOf(answers, classes, own), labels: own, entries: indices, groups: grouped };
}

/** The rows of entries that were drawn; those that could not be read are in none. */
function rowsOf({ data, dim, truth, labels, entries, groups }: Known, drawn: Int32Array): ProbeData {
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

const inWords = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
