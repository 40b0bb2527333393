import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { pretrain } from "../../training/pretrain.ts";
import { openRun, readConfig } from "../../training/run/run.ts";
import { type DistillResult, type DistillRunOptions, measureStudent, openTeacher } from "./distill-run.ts";
import { type PruneResult, type PruneRunOptions, pruneRun } from "./prune-run.ts";
import { checkLabels } from "./shipped.ts";

/** Options that may change on resuming: progress, signals, and how the models are measured. */
type OnResume = "labels" | "threads" | "seconds" | "signal" | "onNote" | "onStep" | "onProgress";

/**
 * Resumes a distillation from its last checkpoint, and measures teacher and student; a finished run is only measured.
 * @throws UserError when the folder holds no distillation, or its teacher or data are missing
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
    throw new UserError(
      `${out}: a run of ${method.name}, no distillation; continue it with autodidact pretrain --resume ${out}`,
    );
  const teacher = await openTeacher(String(method.options.teacher), options);
  if (teacher.run) await checkLabels(teacher.run, options.labels);
  const { signal, onNote, onStep } = options;
  const run = await pretrain({ out, resume: true, signal, onNote, onProgress: onStep });
  return measureStudent(teacher, run, options);
}

/**
 * Resumes `pruneRun`, and measures the models; a finished run is only measured.
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
