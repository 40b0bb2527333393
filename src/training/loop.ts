import type { Source } from "../data/index.ts";
import { openTraining } from "./loop/open.ts";
import type { Supervised, TrainOptions } from "./loop/options.ts";
import { release } from "./memory.ts";
import type { RunConfig } from "./run/config.ts";
import type { Start } from "./run/start.ts";
import { learningRateAt } from "./schedule.ts";

/**
 * Trains from the beginning, or with `options.resume` from the last checkpoint, to the last step or to an abort.
 * @throws Diverged when loss, gradients or weights become NaN or infinite; UserError when a file cannot be written
 */
export async function train(
  config: RunConfig,
  source: Source<unknown>,
  options: TrainOptions,
  start?: Start,
  supervised?: Supervised,
): Promise<void> {
  await using opened = await openTraining(config, source, options, start, supervised);
  if (!opened) return;
  const { plan, now, loader, curriculum, program, beforeEpoch, clock, log, judge, saver } = opened;
  const { logEvery, checkpointEvery } = config.training;
  const endsEpoch = () => now.step % plan.perEpoch === 0;
  // What training begins with may already be the best there is.
  if (judge && !judge.standing()) await saver.save(now, await judge.judge(now));

  for (let { batch, waitMs } = { batch: opened.batch, waitMs: 0 }; ; { batch, waitMs } = await loader.next()) {
    const { step, method, training, state } = await program.at(curriculum.stagesAt(now.step), batch, now.state);
    // A checkpoint at the end of an epoch is from before this, so that a run resumed there does it too.
    now.state = endsEpoch() ? await beforeEpoch.run(method, state, now.step / plan.perEpoch) : state;
    const learningRate = learningRateAt(now.step, { ...plan.schedule, peak: training.learningRate });
    const isLast = now.step + 1 === plan.steps;
    const logs = isLast || (now.step + 1) % logEvery === 0;
    const result = await step.run(now.state, batch, now.step, learningRate, now.step / plan.steps, logs);
    saver.record(now.step + 1, result);
    // Of what training begins with these are the loop's own, and two thirds of it; a later state the step gives back.
    release(now.state.optimizer);
    now.state = result.state;
    now.step++;

    clock.step(waitMs);
    log.record(result);
    curriculum.record(now.step, { loss: result.loss, ...result.metrics });
    if (logs) await log.write(now.step, learningRate, clock.lap(), result.features);
    const isBest = judge && endsEpoch() && (await judge.judge(now));
    const stops = isLast || options.signal?.aborted || judge?.isOver();
    if (stops || isBest || now.step % checkpointEvery === 0) await saver.save(now, isBest);
    if (stops) break;
    release(batch);
    // Lets a Ctrl-C in: everything above may have run without giving up the thread.
    await new Promise((done) => setImmediate(done));
  }
  for (const { name, reason } of loader.broken()) options.onNote?.(`${name}: ${reason}; skipped`);
}
