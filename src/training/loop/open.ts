import { Rng, type Tensor, type TreeRecord, Zeros } from "../../array/index.ts";
import { offerOf, type Source, vocabulary } from "../../data/index.ts";
import { type Curriculum, openCurriculum } from "../curriculum.ts";
import { createLoader, type Loader, withAhead } from "../data/loader.ts";
import { type EpochStart, epochStart } from "../epoch-start.ts";
import { saveCheckpoint } from "../run/checkpoint.ts";
import type { RunConfig } from "../run/config.ts";
import { openRunFolder } from "../run/folder.ts";
import { BEGINNING, resumeFrom } from "../run/resume.ts";
import { buildMethod, writeConfig } from "../run/run.ts";
import { type Start, startFrom } from "../run/start.ts";
import { type StagedStep, stagedStep } from "../staged-step.ts";
import { initialState, optimizerOf } from "../step.ts";
import { type Clock, startClock } from "./clock.ts";
import { isOver, type Judge, judgeOf } from "./judge.ts";
import { type Log, openLog } from "./log.ts";
import type { Probe, Supervised, TrainOptions } from "./options.ts";
import { type Now, type Plan, planOf } from "./plan.ts";
import { type Probing, probingOf } from "./probing.ts";
import { type Saver, saverOf } from "./saver.ts";

/** Everything that the loop uses, ready for the next step; closed at the end of the loop. */
export interface Training extends AsyncDisposable {
  readonly plan: Plan;
  readonly now: Now;
  /** The batch of the next step. */
  readonly batch: TreeRecord<Tensor>;
  readonly loader: Loader;
  readonly curriculum: Curriculum;
  readonly program: StagedStep;
  readonly beforeEpoch: EpochStart;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent without validation. */
  readonly judge: Judge | undefined;
  /** Absent where nothing is probed. */
  readonly probing: Probing | undefined;
  readonly saver: Saver;
}

/**
 * Locks the run folder, reads the last checkpoint or creates the initial state, starts the workers, compiles the step.
 * @returns nothing when the run is finished
 * @throws UserError when the folder is in use or cannot be written, or its checkpoints cannot be read
 */
export async function openTraining(
  config: RunConfig,
  source: Source<unknown>,
  options: TrainOptions,
  start: Start | undefined,
  supervised: Supervised | undefined,
  probe: Probe | undefined,
): Promise<Training | undefined> {
  const { out, resume = false, onNote = () => undefined } = options;
  const { training } = config;
  const { method, ...parts } = await buildMethod(config, source.length);
  const optimizer = optimizerOf(training);
  const initial = (shapesOnly = false) =>
    initialState(method, optimizer, training, shapesOnly ? new Zeros() : new Rng(training.seed), (params) =>
      start ? startFrom(start, offerOf(parts.modality, vocabulary), params) : params,
    );
  const { state, position } = resume
    ? await resumeFrom(out, initial, onNote)
    : { state: initial(), position: BEGINNING };
  const plan = planOf(config, source, supervised);
  if (position.step >= plan.steps || (supervised?.validate && isOver(position.validation, supervised))) {
    onNote(`${out} is finished: ${position.step} of ${plan.steps} steps`);
    return undefined;
  }

  await using opened = new AsyncDisposableStack();
  const lock = opened.adopt(await openRunFolder(out, resume), (it) => it.release());
  // Weights of --from are not in the configuration: a run killed before its first checkpoint would resume from random ones.
  if (start && !resume) await saveCheckpoint(out, initial(), BEGINNING, false);
  if (!resume) await writeConfig(out, config);

  const curriculum = openCurriculum(config.curriculum ?? [], plan.steps, position);
  const reading = createLoader(plan.task, training.workers, position.step, curriculum);
  const loader = opened.adopt(withAhead(reading, method), (it) => it.close());
  const log = opened.adopt(await openLog(options, position, plan, parts, curriculum, loader, lock), (it) => it.close());
  const program = opened.adopt(stagedStep(config, source.length), (it) => it.dispose());
  const { device, seed, ema, checkpointEvery } = training;
  const beforeEpoch = opened.adopt(epochStart({ ...parts, source, device, seed }), (it) => it.dispose());
  const judge = judgeOf(supervised, position, ema, plan, log, options);
  const saver = saverOf(out, position, plan, checkpointEvery, { log, judge, curriculum, lock });

  // Loads the first batch and compiles before the clock starts.
  const { batch } = await loader.next();
  const compiled = await program.at(curriculum.stagesAt(position.step), batch, state);
  const now = { step: position.step, state: compiled.state };
  const ofStep = training.batchSize * training.accumulate;
  const clock = startClock(ofStep);
  const probing = probe && probingOf(probe, plan, position.step, ofStep, log, clock);
  const everything = opened.move();
  return {
    ...{ plan, now, batch, loader, curriculum, program, beforeEpoch, clock, log, judge, probing, saver },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}
