import type { Source } from "../data/index.ts";
import { openTraining } from "./loop/open.ts";
import type { Probe, Supervised, TrainOptions } from "./loop/options.ts";
import { release } from "./memory.ts";
import type { RunConfig } from "./run/config.ts";
import type { Start } from "./run/start.ts";
import { numbersAt } from "./schedule.ts";

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
  probe?: Probe,
): Promise<void> {
  await using opened = await openTraining(config, source, options, start, supervised, probe);
  if (!opened) return;
  const { plan, now, loader, curriculum, program, beforeEpoch, clock, log, judge, probing, saver } = opened;
  const { logEvery, checkpointEvery } = config.training;
  // Data that cannot be read end the training, but not what it has learned.
  const next = () =>
    loader.next().catch(async (error: unknown) => {
      await saver.save(now, judge && false);
      throw error;
    });
  const endsEpoch = () => now.step % plan.perEpoch === 0;
  // The initial weights may already be the best.
  if (judge && !judge.standing()) await saver.save(now, await judge.judge(now));

  for (let { batch, waitMs } = { batch: opened.batch, waitMs: 0 }; ; { batch, waitMs } = await next()) {
    const { step, method, training, state } = await program.at(curriculum.stagesAt(now.step), batch, now.state);
    // Runs after the checkpoint at the end of an epoch, so that a run resumed there does the same.
    now.state = endsEpoch() ? await beforeEpoch.run(method, state, now.step / plan.perEpoch) : state;
    const numbers = numbersAt(now.step, plan, training);
    const isLast = now.step + 1 === plan.steps;
    const logs = isLast || (now.step + 1) % logEvery === 0;
    // Of a step that takes several batches; each is released when the next is there.
    let [last, waited] = [batch, waitMs];
    const rest = async () => {
      const more = await next();
      release(last);
      last = more.batch;
      waited += more.waitMs;
      return last;
    };
    const result = await step.run(now.state, batch, now.step, numbers, logs, rest);
    saver.record(now.step + 1, result);
    // These arrays of the initial state, two thirds of it, belong to the loop; later states are released by the step.
    release(now.state.optimizer);
    now.state = result.state;
    now.step++;

    clock.step(waited);
    log.record(result);
    curriculum.record(now.step, { loss: result.loss, ...result.metrics });
    await probing?.(now);
    if (logs) await log.write(now.step, numbers.learningRate, clock.lap(), result.features);
    const isBest = judge && endsEpoch() && (await judge.judge(now));
    const stops = isLast || options.signal?.aborted || judge?.isOver();
    if (stops || isBest || now.step % checkpointEvery === 0) await saver.save(now, isBest);
    if (stops) break;
    release(last);
    // Lets a Ctrl-C through: nothing above may have yielded to the event loop.
    await new Promise((done) => setImmediate(done));
  }
  for (const { name, reason } of loader.broken()) options.onNote?.(`${name}: ${reason}; skipped`);
}
