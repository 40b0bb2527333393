import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type TableOptions, tableOptionsOf } from "../../data/index.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { modalityFor } from "../../data/recognise.ts";
import { encoders } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { type Flag, flagsOf } from "../../foundation/options.ts";
import { isPath } from "../../foundation/user-file.ts";
import { openExported } from "../../interop/exported-model.ts";
import { type Download, localModel } from "../../interop/hub/index.ts";
import type { MethodOptions } from "../../methods/index.ts";
import { type PretrainOptions, pretrain } from "../../training/pretrain.ts";
import type { RunChoices } from "../../training/run/choices.ts";
import { isOnnx } from "../../training/run/frozen-file.ts";
import { openRun, type Run, readConfig } from "../../training/run/run.ts";
import { settle } from "../../training/run/settle.ts";
import { inheritedOptions } from "../../training/run/start.ts";
import { publisherOf } from "./export-run.ts";
import { firstDifference } from "./first-difference.ts";
import { checkLabels, exportedModel, type MeasureOptions, measureShipped, type ShippedWorth } from "./shipped.ts";

type FromPretrain = keyof TableOptions | "out" | "preset" | "training" | "signal" | "onNote" | "onDownload";

export interface DistillRunOptions extends MeasureOptions, Pick<PretrainOptions, FromPretrain> {
  /** Folder, archive or file with the training data. */
  readonly data: Paths;
  /**
   * The teacher: a run folder, a folder with a published model or its id on the Hub (`facebook/dinov2-small`), or an ONNX
   * file of any program.
   */
  readonly teacher: string;
  /** The student's encoder: `vit-tiny`, `resnet-10:width=16,stem=stride2`; by default that of the preset or the data. */
  readonly into?: string;
  readonly options?: Omit<MethodOptions["distill"], "teacher">;
  readonly onStep?: PretrainOptions["onProgress"];
}

export interface DistillResult {
  readonly run: Run;
  /** Teacher and student; a file whose outputs have other names than an export's is not measured. Empty if training was stopped before its end. */
  readonly models: readonly ShippedWorth[];
}

/** A teacher, opened. */
export interface Teacher {
  /** What the student's configuration says of it: a path, or `owner/name@commit`. */
  readonly name: string;
  /** A run or a published model; an ONNX file is none. */
  readonly run?: Run;
  /** The ONNX file. */
  readonly file?: string;
}

/** @param download callbacks, for a model on the Hub @throws UserError when it cannot be opened */
export async function openTeacher(argument: string, download: Download = {}): Promise<Teacher> {
  const { path, from } = await localModel(argument, { ...download, takesOnnx: true });
  if (isOnnx(path)) return { name: path, file: path };
  const run = await openRun(path === argument ? argument : from, download);
  return { name: path === argument ? argument : from, run };
}

/** What a student reads its data by, so that it sees what its teacher does. */
async function readingOf({ run, file }: Teacher, { data, ...options }: DistillRunOptions) {
  if (run) {
    const { modality, data: taught, published } = run.config;
    return {
      modality: modality.name,
      modalityDefaults: published === undefined ? inheritedOptions(run, run.path) : run.modalityOptions,
      ...tableOptionsOf(taught),
      ...tableOptionsOf(options),
    };
  }
  const definition = await modalityFor(data, undefined, options.onNote);
  const publisher = await definition.publish?.();
  // Of a model in Hugging Face's format the file lies in a folder onnx/.
  const folder = dirname(resolve(file!));
  const beside = basename(folder) === "onnx" ? dirname(folder) : folder;
  return {
    modality: definition.name,
    modalityDefaults: (await publisher?.prepares?.(beside)) ?? {},
    ...tableOptionsOf(options),
  };
}

/**
 * Distils a finished run or a published model into a small encoder (`distill`), reading the data as that run does, and measures both. Called
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
  const { into, data, out, preset, training, signal, onNote, onStep, onDownload } = options;
  const teacher = await openTeacher(options.teacher, options);
  if (teacher.run) await checkLabels(teacher.run, options.labels);
  const choices = {
    data,
    out,
    ...(await readingOf(teacher, options)),
    preset,
    training,
    signal,
    onNote,
    onDownload,
    onProgress: onStep,
    method: "distill" as const,
    options: { ...options.options, teacher: teacher.name },
    ...(into === undefined ? {} : await encoderNamed(into)),
  };
  const resume = existsSync(join(out, "config.json"));
  if (resume) {
    await refuseOther(choices);
    onNote?.(`${out}: already begun; resuming`);
  }
  return measureStudent(teacher, await pretrain({ ...choices, resume }), options);
}

/** Measures teacher and student; nothing if the student was stopped before its end. */
export async function measureStudent(
  { run, file }: Teacher,
  student: Run,
  options: MeasureOptions & Pick<PretrainOptions, "onNote">,
): Promise<DistillResult> {
  if (student.epoch < student.config.training.epochs) return { run: student, models: [] };
  const taught = { name: "teacher", run: run ?? student };
  const learned = { name: "student", model: await exportedModel(student), run: student };
  // A file reads what its student does.
  const model = run ? await exportedModel(run) : await readFile(file!);
  if (!run && !(await givesVectors(model, student))) {
    options.onNote?.(`${file}: its outputs have other names than an export's; only the student is measured`);
    return { run: student, models: await measureShipped([learned], options) };
  }
  return { run: student, models: await measureShipped([{ ...taught, model }, learned], options) };
}

/** Whether a file has the outputs that are measured. */
async function givesVectors(model: Uint8Array, { modalityDefinition }: Run): Promise<boolean> {
  const opened = await openExported(model, await publisherOf(modalityDefinition)).catch(() => undefined);
  await opened?.dispose();
  return opened !== undefined;
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
