import { tableOptionsOf } from "../../data/index.ts";
import { drawLabels } from "../../training/data/split.ts";
import { trainAndJudge } from "../labels/end-to-end.ts";
import { predictLabelled } from "../labels/judge.ts";
import { strataOf } from "../labels/supervision.ts";
import { type FrozenPair, rowsOf } from "./frozen.ts";
import { type Cell, type CellProgress, type CellResult, runCells } from "./label-cells.ts";
import { type ScoredPredictions, scorePredictions, scoreProbe } from "./label-predictions.ts";
import type { LabelPlan } from "./plan.ts";

/**
 * Runs the plan's trainings that no earlier call finished.
 * @returns all finished trainings, including those of earlier calls; undefined when the signal stopped it
 */
export async function runTrainings(plan: LabelPlan, frozen: FrozenPair): Promise<CellResult[] | undefined> {
  const { file, basis, draws, options } = plan;
  let stage = "";
  const progress = (done: number, total: number) => options.onProgress?.(stage, done, total);
  const { cells, isDone } = await runCells(file, basis, plan.cells, (cell) => train(plan, frozen, cell, progress), {
    signal: options.signal,
    onCell(next) {
      stage = describeCell(next, draws);
      progress(0, 1);
    },
  });
  return isDone ? cells : undefined;
}

/** One training, tested on the test data. */
async function train(
  plan: LabelPlan,
  { pretrained, untrained }: FrozenPair,
  cell: Cell,
  onProgress: (done: number, total: number) => void,
): Promise<CellResult> {
  const began = performance.now();
  const done = (scored: ScoredPredictions & { readonly steps?: number }): CellResult => ({
    ...cell,
    ...scored,
    seconds: (performance.now() - began) / 1000,
  });
  if (cell.contender !== "probe" && cell.contender !== "untrained") return done(await endToEnd(plan, cell, onProgress));
  const { bank, queries } = cell.contender === "probe" ? pretrained : untrained;
  const { data, task, seed } = plan;
  const drawn = drawLabels(strataOf(data.train, task), cell.labels, seed + cell.draw);
  return done(await scoreProbe(data.answers, rowsOf(bank, drawn), queries, seed + cell.draw));
}

/** Trains the whole encoder, from the run's weights or from scratch. */
async function endToEnd(
  { options, data, task, seed }: LabelPlan,
  { contender, labels, draw }: Cell,
  onProgress: (done: number, total: number) => void,
): Promise<ScoredPredictions & { steps: number }> {
  const { run, steps, signal } = options;
  const { workers, device } = run.config.training;
  let taken = 0;
  const scored = await trainAndJudge(
    {
      ...{
        from: run.path,
        train: options.train,
        labels: options.trainLabels,
        ...tableOptionsOf(options),
        steps,
        signal,
        task,
        ...(data.split ? { split: data.split.file } : {}),
      },
      ...(contender === "scratch" ? options.fromScratch : {}),
      labelCount: labels,
      scratch: contender === "scratch",
      training: { seed: seed + draw, workers, device },
      onProgress({ step, steps: of }) {
        taken = step;
        onProgress(step, of);
      },
    },
    async (trained) => {
      const { answers, predicted } = await predictLabelled(trained, {
        data: options.test ?? options.train,
        source: data.test,
      });
      return scorePredictions(answers, predicted.logits, predicted.truth);
    },
  );
  return { ...scored, steps: taken };
}

/** `probe, 100 labels, draw 2 of 3 (5 of 24, about 12 min left)`. */
function describeCell({ cell, place, of, etaSeconds }: CellProgress, draws: number): string {
  const eta = etaSeconds === undefined ? "" : `, about ${formatDuration(etaSeconds)} left`;
  return `${cell.contender}, ${cell.labels} labels, draw ${cell.draw + 1} of ${draws} (${place} of ${of}${eta})`;
}

const formatDuration = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
