import type { Answers } from "../../data/index.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { UserError } from "../../foundation/errors.ts";
import { everyEntry } from "../../training/features.ts";
import { openTrainAndTest } from "../labels/labelled-sources.ts";
import { evaluationSplit } from "../labels/split.ts";
import { majorityShare } from "../scores/metrics.ts";
import { extractorsOf, labelled, notesOf } from "./contestants.ts";
import { endToEndRow } from "./end-to-end-row.ts";
import type { Contestant, EvaluateOptions, Evaluation } from "./evaluation.ts";
import { frozenRows } from "./frozen-rows.ts";
import { leftOutOf } from "./table.ts";
import { drawnEntries, tokenExtractorsOf, tokenTrials } from "./token-contestants.ts";
import { drawsOf, foldsOf, type Trial } from "./trials.ts";

/**
 * Evaluates the representation: kNN and linear probe on frozen features, compared with the baseline for such data (raw
 * pixels, TF-IDF …), the same encoder untrained, and the same encoder trained from scratch on the same labels.
 * @throws UserError when labels are missing, the classes of train and test do not match, or few labels of tokens are to be drawn
 * from folds
 *
 * @example
 * const run = await openRun("runs/photos");
 * const evaluation = await evaluate({ run, train: "labelled/train", test: "labelled/test", labelCount: 100 });
 * console.log(evaluationTable(evaluation));
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { run, task = "classification", seed = 0, labelCount, draws = 5, forest = true, onProgress } = options;
  const start = performance.now();
  // Samples are drawn from all of the training data, which with folds are the test data, too.
  if (task === "token-classification" && options.folds !== undefined && labelCount !== undefined)
    throw new UserError("--folds with --label-count is not for --task token-classification; leave out one of the two");
  const { path, step, epoch, config, modalityDefinition } = run;
  const data = await openTrainAndTest(run, options, task, { seed, out: path, file: evaluationSplit(run) });
  const { train, test, validation, answers, split, folds, close } = data;
  try {
    const stage = (name: string) => (done: number, total: number) => onProgress?.(name, done, total);
    const perToken = task === "token-classification";
    const drawn = perToken && labelCount !== undefined ? drawnEntries(train, { labelCount, draws, seed }) : undefined;
    const entries = drawn && Int32Array.from(new Set(drawn.flatMap((one) => [...one])));
    const extractors = perToken
      ? await tokenExtractorsOf(run, train, answers, { stage, seed, entries })
      : await extractorsOf(run, train, stage, Math.max(train.length, test.length));
    const groups = (await groupNumbersOf(modalityDefinition, train)) ?? (perToken ? everyEntry(train) : undefined);
    const contestants: Contestant[] = [];
    const l2: number[] = [];
    let trials: readonly Trial[] = [];
    let counts: Pick<Evaluation, "train" | "test" | "chance"> | undefined;
    for (const extractor of extractors) {
      const bank = labelled(await extractor.extract(train), answers, groups);
      const queries = test === train ? bank : labelled(await extractor.extract(test), answers);
      // Few labels are not chosen by many.
      const held =
        validation && labelCount === undefined ? labelled(await extractor.extract(validation), answers) : undefined;
      trials = drawn
        ? tokenTrials(bank, queries, drawn, seed)
        : train.folds
          ? foldsOf(bank, train.folds, { labelCount, seed })
          : drawsOf(bank, queries, { labelCount, draws, seed });
      counts ??= {
        train: {
          ...{ path: options.train, entries: train.length, labelled: bank.rows, broken: bank.broken },
          used: trials[0]?.train.length ?? 0,
        },
        test: {
          ...{ path: options.test ?? options.train, entries: test.length, labelled: queries.rows },
          broken: queries.broken,
        },
        ...(task === "classification" || perToken ? { chance: majorityShare(queries.labels) } : {}),
      };
      const rows = await frozenRows({
        ...{ answers, bank, queries, held, trials, stage },
        extractor: { ...extractor, forest: extractor.forest && forest },
      });
      contestants.push(...rows.contestants);
      if (extractor.role === "pretrained") l2.push(...rows.l2);
    }
    if (!counts) throw new Error("nothing was evaluated");
    for (const role of [
      ...(options.finetune ? ["fine-tuned" as const] : []),
      ...(options.scratch === false ? [] : ["scratch" as const]),
    ])
      contestants.push(await endToEndRow(role, { options, task, seed, data, draws: trials.length, stage }));
    return {
      run: { path, method: config.method.name, encoder: config.encoder.name, step, epoch, seed: config.training.seed },
      task,
      ...counts,
      ...(split ? { split } : {}),
      ...(folds ? { folds } : {}),
      outputs: answers.outputs,
      draws: trials.length,
      contestants,
      l2,
      notes: [...notesOf(extractors), ...unmeasuredNote(contestants, answers)],
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await close();
  }
}

/** What the means of several labels or values leave out. */
function unmeasuredNote(contestants: readonly Contestant[], { task, outputs }: Answers): string[] {
  const each = contestants[0]?.each;
  if (!each) return [];
  const left = outputs.filter((name) => !(name in each));
  if (left.length === 0) return [];
  return [`${left.length} of ${outputs.length} label columns are ${leftOutOf(task, left)}.`];
}
