import { tableOptionsOf } from "../../data/index.ts";
import { drawLabels } from "../../training/data/split.ts";
import type { Run } from "../../training/run/run.ts";
import { trainAndJudge } from "../labels/end-to-end.ts";
import { groupsOf } from "../labels/groups.ts";
import { judge, type Verdict } from "../labels/judge.ts";
import { openTrainAndTest, type TrainAndTest } from "../labels/labelled-sources.ts";
import { confusionOf, matthewsOf, rankingOf } from "../scores/measures.ts";
import { accuracyOf, majorityShare, meanAndDeviation } from "../scores/metrics.ts";
import { knnPredict } from "../vectors/knn.ts";
import { linearProbe } from "../vectors/probe.ts";
import { extractorsOf, labelled, notesOf, select } from "./contestants.ts";
import { contestantNames, type Role } from "./names.ts";

export interface EvaluateOptions extends TrainAndTest {
  readonly run: Run;
  /** Use only this many training labels, drawn evenly over the classes, in several draws. */
  readonly labelCount?: number;
  readonly draws?: number;
  /** Also fine-tune the whole pretrained encoder on the labels. */
  readonly finetune?: boolean;
  /** Approximate number of steps of that training; 1,000 by default, see `finetune`. */
  readonly finetuneSteps?: number;
  /** Also train the same encoder from scratch on the labels. */
  readonly scratch?: boolean;
  /** Approximate number of steps of that training; 3,000 by default, see `finetune`. */
  readonly scratchSteps?: number;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Accuracies in [0, 1]; with draws, mean and sample standard deviation. */
export interface Score {
  readonly mean: number;
  readonly deviation: number;
}

export interface Contestant {
  readonly role: Role;
  /** As shown in tables; a baseline brings its own name. */
  readonly name: string;
  readonly knn20?: Score;
  readonly knn200?: Score;
  readonly linear?: Score;
  /** Matthews' correlation of the classifier trained end to end, or else of the linear probe. */
  readonly matthews?: Score;
  /** Of two classes, if the test samples have both: area under the ROC curve of that classifier, or else of the linear probe. */
  readonly rocAuc?: Score;
  /** Accuracy of the classifier trained end to end. */
  readonly accuracy?: Score;
  /** Most steps that one of its trainings took; of end-to-end training. */
  readonly steps?: number;
}

export interface Evaluation {
  readonly run: { path: string; method: string; encoder: string; step: number; epoch: number; seed: number };
  readonly train: { path: string; entries: number; labelled: number; used: number; broken: number };
  readonly test: { path: string; entries: number; labelled: number; broken: number };
  readonly classes: readonly string[];
  /** Accuracy of always predicting the majority class of the test data. */
  readonly chance: number;
  readonly draws: number;
  readonly contestants: readonly Contestant[];
  /** L2 strengths chosen by the probes of the pretrained features, one for each draw. */
  readonly l2: readonly number[];
  /** What readers of the numbers must know. */
  readonly notes: readonly string[];
  readonly seconds: number;
}

/**
 * Evaluates the representation: kNN and linear probe on frozen features, compared with the baseline for such data (raw
 * pixels, TF-IDF …), the same encoder untrained, and the same encoder trained from scratch on the same labels.
 * @throws UserError when labels are missing or the classes of train and test do not match
 *
 * @example
 * const run = await openRun("runs/photos");
 * const evaluation = await evaluate({ run, train: "labelled/train", test: "labelled/test", labelCount: 100 });
 * console.log(evaluationTable(evaluation));
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { run, seed = 0, onProgress } = options;
  const start = performance.now();
  const columns = tableOptionsOf(options);
  const { train, test, classes, close } = await openTrainAndTest(run, options);
  try {
    const { config } = run;
    const { device } = config.training;
    const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
    const extractors = await extractorsOf(run, train, stage, Math.max(train.length, test.length));
    const groups = await groupsOf(run.modalityDefinition, train);
    const contestants: Contestant[] = [];
    const l2: number[] = [];
    let draws: Int32Array[] = [];
    let counts = { train: { labelled: 0, broken: 0 }, test: { labelled: 0, broken: 0 }, chance: 0 };
    for (const { role, name, standardized, extract } of extractors) {
      const bank = labelled(await extract(train), classes, groups);
      const queries = labelled(await extract(test), classes);
      if (draws.length === 0) {
        draws = drawsOf(bank.labels, options, seed);
        counts = {
          train: { labelled: bank.rows, broken: bank.broken },
          test: { labelled: queries.rows, broken: queries.broken },
          chance: majorityShare(queries.labels),
        };
      }
      const scores = {
        knn20: [] as number[],
        knn200: [] as number[],
        linear: [] as number[],
        matthews: [] as number[],
        rocAuc: [] as number[],
      };
      for (const [draw, rows] of draws.entries()) {
        stage(`${name}: kNN and linear probe`)(draw, draws.length);
        const part = select(bank, rows);
        const [near = new Int32Array(), far = new Int32Array()] = await knnPredict(part, queries, classes.length);
        const probe = await linearProbe(part, queries, classes.length, seed + draw, {
          standardized,
        });
        scores.knn20.push(accuracyOf(near, queries.labels));
        scores.knn200.push(accuracyOf(far, queries.labels));
        scores.matthews.push(matthewsOf(confusionOf(probe.predictions, queries.labels, classes.length)));
        // Undefined, too, where all test samples are of one class.
        const { rocAuc } = classes.length === 2 ? rankingOf(probe.logits, queries.labels) : {};
        if (rocAuc !== undefined) scores.rocAuc.push(rocAuc);
        scores.linear.push(accuracyOf(probe.predictions, queries.labels));
        if (role === "pretrained") l2.push(probe.l2);
      }
      contestants.push({
        role,
        name,
        knn20: meanAndDeviation(scores.knn20),
        knn200: meanAndDeviation(scores.knn200),
        linear: meanAndDeviation(scores.linear),
        matthews: meanAndDeviation(scores.matthews),
        ...(scores.rocAuc.length > 0 ? { rocAuc: meanAndDeviation(scores.rocAuc) } : {}),
      });
    }
    const endToEnd = [
      ...(options.finetune ? ["fine-tuned" as const] : []),
      ...(options.scratch === false ? [] : ["scratch" as const]),
    ];
    for (const role of endToEnd) {
      const steps = role === "scratch" ? options.scratchSteps : options.finetuneSteps;
      const verdicts: Verdict[] = [];
      let taken = 0;
      for (const draw of draws.keys()) {
        const report = stage(`${contestantNames[role]}, draw ${draw + 1} of ${draws.length}`);
        const training = { seed: seed + draw, workers: config.training.workers, device };
        const verdict = await trainAndJudge(
          {
            from: run.path,
            train: options.train,
            ...{ ...columns, labels: options.trainLabels, labelCount: options.labelCount, scratch: role === "scratch" },
            ...(steps === undefined ? {} : { steps }),
            training,
            onProgress({ step, steps: of }) {
              taken = Math.max(taken, step);
              report(step, of);
            },
          },
          (trained) => judge({ run: trained, data: options.test, labels: options.testLabels, ...columns }),
        );
        verdicts.push(verdict);
      }
      const rocAucs = verdicts.flatMap(({ measures }) => measures.rocAuc ?? []);
      contestants.push({
        role,
        name: contestantNames[role],
        accuracy: meanAndDeviation(verdicts.map(({ measures }) => measures.accuracy ?? 0)),
        matthews: meanAndDeviation(verdicts.map(({ measures }) => measures.matthews ?? 0)),
        ...(rocAucs.length > 0 ? { rocAuc: meanAndDeviation(rocAucs) } : {}),
        steps: taken,
      });
    }
    const { path, step, epoch } = run;
    return {
      run: { path, method: config.method.name, encoder: config.encoder.name, step, epoch, seed: config.training.seed },
      train: { path: options.train, entries: train.length, ...counts.train, used: draws[0]?.length ?? 0 },
      test: { path: options.test, entries: test.length, ...counts.test },
      classes,
      chance: counts.chance,
      draws: draws.length,
      contestants,
      l2,
      notes: notesOf(extractors),
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await close();
  }
}

const drawsOf = (labels: Int32Array, { labelCount: count, draws = 5 }: EvaluateOptions, seed: number): Int32Array[] =>
  count === undefined
    ? [Int32Array.from(labels.keys())]
    : Array.from({ length: draws }, (_, draw) => drawLabels(labels, count, seed + draw));
