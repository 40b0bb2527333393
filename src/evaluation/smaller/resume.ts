import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { pretrain } from "../../training/pretrain.ts";
import { openRun, readConfig } from "../../training/run/run.ts";
import { type DistillResult, type DistillRunOptions, measureStudent } from "./distill-run.ts";
import { type PruneResult, type PruneRunOptions, pruneRun } from "./prune-run.ts";
import { checkLabels } from "./shipped.ts";

/** What may differ from how a run was begun: how it is watched, and what it is measured by. */
type OnResume = "labels" | "threads" | "seconds" | "signal" | "onNote" | "onStep" | "onProgress";

/**
 * Continues a distillation from its last checkpoint, and measures teacher and student; what is finished is only measured.
 * @throws UserError when the folder holds no distillation, or its teacher or data have gone
 *
 * @example
 * const { run } = await resumeDistillation("runs/photos-small");
 */
export async function resumeDistillation(
  out: string,
  options: Pick<DistillRunOptions, OnResume> = {},
): Promise<DistillResult> {
  const { method } = await readConfig(out);
  if (method.name !== "distill")
    throw new UserError(`${out}: a run of ${method.name}, no distillation; autodidact pretrain --resume ${out}`);
  const teacher = await openRun(String(method.options.teacher));
  await checkLabels(teacher, options.labels);
  const { signal, onNote, onStep } = options;
  const run = await pretrain({ out, resume: true, signal, onNote, onProgress: onStep });
  return measureStudent(teacher, run, options);
}

/**
 * Continues what `pruneRun` began, and measures it; what is finished is only measured.
 * @throws UserError when the folder holds no pruned run, or it was stopped before its training began
 *
 * @example
 * const { run } = await resumePruning("runs/photos-pruned");
 */
export async function resumePruning(out: string, options: Pick<PruneRunOptions, OnResume> = {}): Promise<PruneResult> {
  const isRecovering = existsSync(join(out, "pruned", "config.json"));
  if (isRecovering && !existsSync(join(out, "config.json")))
    throw new UserError(`${out}: stopped before its training began; remove it, and prune again`);
  const { training } = await readConfig(out);
  const { pruning } = await readConfig(isRecovering ? join(out, "pruned") : out);
  if (!pruning) throw new UserError(`${out}: not a pruned run`);
  const { from, keep, importance, batches, data } = pruning;
  return pruneRun({
    ...options,
    ...{ run: await openRun(from), out, keep, importance, batches },
    ...(data === undefined ? {} : { data }),
    recoverEpochs: isRecovering ? training.epochs : 0,
  });
}
