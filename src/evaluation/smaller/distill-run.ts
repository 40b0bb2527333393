import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TableOptions, tableOptionsOf } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { modalityFor } from "../../data/recognise.ts";
import { encoders } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { type Flag, flagsOf } from "../../foundation/options.ts";
import { isPath } from "../../foundation/user-file.ts";
import type { MethodOptions } from "../../methods/index.ts";
import { type PretrainOptions, pretrain } from "../../training/pretrain.ts";
import type { RunChoices } from "../../training/run/choices.ts";
import { openRun, type Run, readConfig } from "../../training/run/run.ts";
import { settle } from "../../training/run/settle.ts";
import { inheritedOptions } from "../../training/run/start.ts";
import { firstDifference } from "./first-difference.ts";
import { checkLabels, exportedModel, type MeasureOptions, measureShipped, type ShippedWorth } from "./shipped.ts";

type FromPretrain = keyof TableOptions | "out" | "preset" | "training" | "signal" | "onNote";

export interface DistillRunOptions extends MeasureOptions, Pick<PretrainOptions, FromPretrain> {
  /** Folder, archive or file with the training data. */
  readonly data: Paths;
  /** Run folder of the teacher. */
  readonly teacher: string;
  /** The student's encoder: `vit-tiny`, `resnet-10:width=16,stem=stride2`; by default that of the preset or the data. */
  readonly into?: string;
  readonly options?: Omit<MethodOptions["distill"], "teacher">;
  readonly onStep?: PretrainOptions["onProgress"];
}

export interface DistillResult {
  readonly run: Run;
  /** Teacher and student; empty if training was stopped before its end. */
  readonly models: readonly ShippedWorth[];
}

/**
 * Distils a finished run into a small encoder (`distill`), reading the data as that run does, and measures both. Called
 * again with the same options it resumes; a finished run is only measured.
 * @throws UserError for an unknown encoder, a folder with another run, and whatever `pretrain` refuses
 *
 * @example
 * const { run, models } = await distillRun({
 *   teacher: "runs/photos",
 *   data: "photos/",
 *   into: "vit-tiny",
 *   out: "runs/photos-small",
 *   preset: "small",
 * });
 * console.log(run.path, shippedTable(models));
 */
export async function distillRun(options: DistillRunOptions): Promise<DistillResult> {
  const { teacher, into, data, out, preset, training, signal, onNote, onStep } = options;
  const teacherRun = await openRun(teacher);
  await checkLabels(teacherRun, options.labels);
  const { modality, data: taught } = teacherRun.config;
  const choices = {
    data,
    out,
    ...tableOptionsOf(taught),
    ...tableOptionsOf(options),
    preset,
    training,
    signal,
    onNote,
    onProgress: onStep,
    modality: modality.name,
    modalityDefaults: inheritedOptions(teacherRun, teacher),
    method: "distill" as const,
    options: { ...options.options, teacher },
    ...(into === undefined ? {} : await encoderNamed(into)),
  };
  const resume = existsSync(join(out, "config.json"));
  if (resume) {
    await refuseOther(choices);
    onNote?.(`${out}: already begun; resuming`);
  }
  return measureStudent(teacherRun, await pretrain({ ...choices, resume }), options);
}

/** Measures teacher and student; nothing if the student was stopped before its end. */
export async function measureStudent(teacher: Run, student: Run, options: MeasureOptions): Promise<DistillResult> {
  if (student.epoch < student.config.training.epochs) return { run: student, models: [] };
  const models = await measureShipped(
    [
      { name: "teacher", model: await exportedModel(teacher), run: teacher },
      { name: "student", model: await exportedModel(student), run: student },
    ],
    options,
  );
  return { run: student, models };
}

/** Settings that do not affect the model: how many threads prepare its data. */
const INCIDENTAL = ["training.workers"];
/** Settings that resuming checks itself; the tokenizer is the teacher's. */
const OF_DATA = ["data.entries", "data.fingerprint", "data.contents", "modality.files.tokenizer.json"];

/** @throws UserError when the folder has a run with other settings */
async function refuseOther({ out, ...choices }: RunChoices & { readonly out: string }): Promise<void> {
  const existing = await readConfig(out);
  if (existing.method.name !== "distill")
    throw new UserError(`${out}: there is a run already, of ${existing.method.name}; name another --out`);
  const definition = await modalityFor(choices.data, choices.modality);
  const source = await openPaths(definition, choices.data, tableOptionsOf(choices));
  try {
    const { config, samples } = await settle({ ...choices, onNote: undefined }, definition, source);
    if (samples !== source) await samples.close();
    const difference = firstDifference(existing, config, [...INCIDENTAL, ...OF_DATA]);
    if (difference)
      throw new UserError(
        `${out}: there is a run already, with ${difference}; resume it with the command that began it, or name another --out`,
      );
  } finally {
    await source.close();
  }
}

/** Options for the size of an encoder. */
const SIZES: readonly string[] = ["size", "layers"];

/** Splits `resnet-10:width=16`, or the same with a file, whose path may have dashes: `./my-net.ts:width=16`. */
function partsOfName(text: string) {
  const [, path = "", ofPath = ""] = /^(.+?)(?::([^/\\]*=.*))?$/.exec(text) ?? [];
  if (isPath(path)) return { name: path, variant: undefined, assignments: ofPath };
  const [, name = "", variant, assignments = ""] = /^([^-:]+)(?:-([^:]+))?(?::(.+))?$/.exec(text) ?? [];
  return { name, variant, assignments };
}

/**
 * Parses an encoder's name, size and options; or the path of a file that defines one.
 * @throws UserError naming the choices
 */
export async function encoderNamed(text: string): Promise<Pick<PretrainOptions, "encoder" | "encoderOptions">> {
  const { name, variant, assignments } = partsOfName(text);
  const definition = await encoders.load(name);
  const flags = flagsOf(definition.options);
  const options: Record<string, unknown> = {};
  const set = (flag: Flag, value: string) => {
    try {
      options[flag.key] = flag.parse(value);
    } catch (error) {
      // Its message names a flag of `pretrain`, which does not apply here.
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`--into ${text}: ${flag.key} ${value} must be ${flag.allowed}`);
    }
  };
  if (variant !== undefined) {
    const size = flags.find(({ key }) => SIZES.includes(key));
    if (!size) throw new UserError(`encoder ${name} has no sizes; give its options as ${name}:name=value`);
    set(size, variant);
  }
  for (const assignment of assignments.split(",").filter(Boolean)) {
    const [key = "", ...value] = assignment.split("=");
    const flag = flags.find((one) => one.key === key || one.name === key);
    if (!flag || value.length === 0)
      throw new UserError(
        `"${assignment}" in ${text}: give options of encoder ${name} as name=value; options: ${flags.map((one) => one.key).join(", ")}`,
      );
    set(flag, value.join("="));
  }
  return { encoder: name, encoderOptions: options };
}
