import { UserError } from "../foundation/errors.ts";
import type { CurriculumEntry, RunConfig } from "./run/config.ts";

/** State of a competence curriculum; part of the checkpoint. */
export interface Mastery {
  readonly stage: number;
  /** The next stage, decided early so that batches prepared ahead already use it. */
  readonly next: { readonly stage: number; readonly at: number } | null;
  /** Of the current window: its steps so far, and the sum of the metric. */
  readonly count: number;
  readonly sum: number;
  /** Mean of the last window of this stage. */
  readonly previous: number | null;
}

const NOVICE: Mastery = { stage: 0, next: null, count: 0, sum: 0, previous: null };

/** Windows that a run is divided into; competence is measured at the end of each. */
const WINDOWS = 60;
const SHORTEST_WINDOW = 10;

/** A stage is mastered when a window's mean loss is less than this share below the last one's. */
const GAIN = 0.01;

/** Options that change during training. Each curriculum has a stage, 0 … stages − 1, which gives the option's value. */
export interface Curriculum {
  /** The stages at a step before `horizon()`. */
  stagesAt(step: number): number[];
  /** First step whose stages are not decided yet. */
  horizon(): number;
  /** The options' values at a step, as logged: by `curriculum/option`. */
  valuesAt(step: number): Record<string, number>;
  /** Records the metrics of a step. @param done steps done, this one included */
  record(done: number, metrics: Readonly<Record<string, number>>): void;
  /** For the checkpoint. */
  state(): Record<string, Mastery>;
}

/**
 * Follows a run's curricula. A *schedule* (`linear`, `cosine`, `step`) makes the stage a function of the step. With
 * *competence* the stage rises by one when the task is mastered: when the mean of a stated metric over a window of steps
 * (a sixtieth of the run, at least 10) reaches its threshold, or, when none is stated, when the mean loss falls by less
 * than 1 % from one window of the stage to the next. The new stage begins one window later.
 *
 * Competence-based curriculum learning: Platanios et al. 2019, https://arxiv.org/abs/1903.09848. Differs from the paper:
 * there competence is a given function of time (as `linear` and `cosine` are here) and chooses among samples; here it is
 * measured, and sets the task's difficulty.
 */
export function openCurriculum(
  entries: readonly CurriculumEntry[],
  steps: number,
  from: { readonly step: number; readonly mastery?: Readonly<Record<string, Mastery>> },
): Curriculum {
  const window = Math.max(SHORTEST_WINDOW, Math.round(steps / WINDOWS));
  const judged = entries.filter(({ pace }) => pace === "competence");
  const mastery = new Map(judged.map(({ option }) => [option, from.mastery?.[option] ?? NOVICE]));
  let done = from.step;

  const stagesAt = (step: number) =>
    entries.map((entry) => {
      const state = mastery.get(entry.option);
      if (!state) return scheduledStage(entry, Math.min(1, step / steps));
      return state.next && step >= state.next.at ? state.next.stage : state.stage;
    });

  const judge = (entry: CurriculumEntry, value: number) => {
    let now = mastery.get(entry.option) ?? NOVICE;
    now = { ...now, count: now.count + 1, sum: now.sum + value };
    if (done % window === 0) {
      const mean = now.sum / now.count;
      const whole = now.count === window && !now.next;
      const better = now.previous === null ? undefined : now.previous - mean;
      const mastered = entry.metric
        ? mean >= entry.metric.atLeast
        : better !== undefined && better < GAIN * Math.abs(now.previous ?? 0);
      const rises = whole && mastered && now.stage < entry.stages - 1;
      const begun = now.next !== null && done >= now.next.at;
      now = {
        stage: begun && now.next ? now.next.stage : now.stage,
        next: rises ? { stage: now.stage + 1, at: done + window } : begun ? null : now.next,
        count: 0,
        sum: 0,
        previous: begun || rises || !whole ? null : mean,
      };
    }
    mastery.set(entry.option, now);
  };

  return {
    stagesAt,
    // The next decision takes effect one window later.
    horizon: () => (judged.length === 0 ? Number.POSITIVE_INFINITY : (Math.floor(done / window) + 2) * window),
    valuesAt(step) {
      const stages = stagesAt(step);
      return Object.fromEntries(
        entries.flatMap((entry, index) => {
          const value = valueOf(entry, stages[index]!);
          if (typeof value === "number") return [[`curriculum/${entry.option}`, value]];
          return value.map((part, at): [string, number] => [`curriculum/${entry.option}/${at}`, part]);
        }),
      );
    },
    record(count, metrics) {
      done = count;
      for (const entry of judged) {
        const value = metrics[entry.metric?.name ?? "loss"];
        if (value === undefined)
          throw new UserError(
            `curriculum of ${entry.option}: unknown metric ${entry.metric?.name}; available: ${Object.keys(metrics).join(", ")}`,
          );
        // A perplexity may be infinite for a while.
        if (Number.isFinite(value)) judge(entry, value);
      }
    },
    state: () => Object.fromEntries(mastery),
  };
}

function scheduledStage({ pace, stages }: CurriculumEntry, progress: number): number {
  const level = pace === "cosine" ? (1 - Math.cos(Math.PI * progress)) / 2 : progress;
  return Math.min(stages - 1, Math.floor(level * stages));
}

/** The option's value at a stage; the first stage has `from`, the last one `to`. */
export function valueOf({ from, to, stages, whole }: CurriculumEntry, stage: number): number | number[] {
  const share = stage / (stages - 1);
  const between = (start: number, end: number) => {
    const value = start + (end - start) * share;
    // Twelve digits: 0.3 + 0.45 · 5 / 9 would be an endless number in logs and messages.
    return whole ? Math.round(value) : Number(value.toPrecision(12));
  };
  if (typeof from === "number" || typeof to === "number") return between(Number(from), Number(to));
  return from.map((start, index) => between(start, to[index] ?? start));
}

/** A curriculum of the weight decay takes the place of its half cosine. */
const withDecay = (options: Readonly<Record<string, unknown>>) =>
  "weightDecay" in options ? { ...options, finalWeightDecay: options.weightDecay } : options;

type Choices = Pick<RunConfig, "method" | "modality" | "encoder">;

/** The configuration at these stages. */
export function atStages<Config extends Choices & { readonly training?: object }>(
  config: Config,
  entries: readonly CurriculumEntry[],
  stages: readonly number[],
): Config {
  const optionsOf = (group: CurriculumEntry["group"]) =>
    Object.fromEntries(
      entries.flatMap((entry, index) =>
        entry.group === group ? [[entry.option, valueOf(entry, stages[index] ?? entry.stages - 1)]] : [],
      ),
    );
  const { method, modality, training } = config;
  return {
    ...config,
    method: { ...method, options: { ...method.options, ...optionsOf("method") } },
    modality: { ...modality, options: { ...modality.options, ...optionsOf("modality") } },
    ...(training ? { training: { ...training, ...withDecay(optionsOf("training")) } } : {}),
  };
}
