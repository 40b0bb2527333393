import { existsSync } from "node:fs";
import { join } from "node:path";
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
import { firstDifference } from "./first-difference.ts";
import { checkLabels, exportedModel, type MeasureOptions, measureShipped, type ShippedWorth } from "./shipped.ts";

type FromPretrain = "out" | "column" | "preset" | "training" | "signal" | "onNote";

export interface DistillRunOptions extends MeasureOptions, Pick<PretrainOptions, FromPretrain> {
  /** Folder, archive or file with the data to be taught on. */
  readonly data: string;
  /** Run folder to learn from. */
  readonly teacher: string;
  /** The small encoder: `vit-tiny`, `resnet-10:width=16,stem=stride2`; the preset's or the data's when not given. */
  readonly into?: string;
  readonly options?: Omit<MethodOptions["distill"], "teacher">;
  readonly onStep?: PretrainOptions["onProgress"];
}

export interface DistillResult {
  readonly run: Run;
  /** The teacher, and the student; none where training was stopped before its end. */
  readonly models: readonly ShippedWorth[];
}

/**
 * Teaches a small encoder by a finished run (`distill`), on data that are read as that run reads them, and measures both.
 * Asked for the same again, it goes on where it was stopped; what is finished is only measured.
 * @throws UserError for an encoder that there is not, a folder with another run, and for whatever `pretrain` refuses
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
  const { teacher, into, data, out, column, preset, training, signal, onNote, onStep } = options;
  const taught = await openRun(teacher);
  await checkLabels(taught, options.labels);
  const { modality } = taught.config;
  const { modalityDefinition, modalityOptions } = taught;
  // What the teacher made of its data, such as a tokenizer, is the student's too.
  const inherited = modalityDefinition.inherit?.(modalityOptions, modality.files ?? {}, teacher) ?? modality.options;
  const choices = {
    data,
    out,
    column: column ?? taught.config.data.column,
    preset,
    training,
    signal,
    onNote,
    onProgress: onStep,
    modality: modality.name,
    modalityDefaults: inherited,
    method: "distill" as const,
    options: { ...options.options, teacher },
    ...(into === undefined ? {} : await encoderNamed(into)),
  };
  const resume = existsSync(join(out, "config.json"));
  if (resume) {
    await refuseOther(choices);
    onNote?.(`${out}: begun already; going on with it`);
  }
  return measureStudent(taught, await pretrain({ ...choices, resume }), options);
}

/** Teacher and student, measured; of a student that was stopped before its end, nothing. */
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

/** What says nothing about the model: how many threads prepare its data (another machine has other cores). */
const INCIDENTAL = ["training.workers"];
/** Whether the data are the same is told by whoever goes on with the run; the tokenizer is the teacher's. */
const OF_DATA = ["data.entries", "data.fingerprint", "modality.files.tokenizer.json"];

/** @throws UserError when the folder has a run that these choices would not make */
async function refuseOther({ out, ...choices }: RunChoices & { readonly out: string }): Promise<void> {
  const there = await readConfig(out);
  if (there.method.name !== "distill")
    throw new UserError(`${out}: there is a run already, of ${there.method.name}; name another --out`);
  const definition = await modalityFor(choices.data, choices.modality);
  const source = await definition.open(choices.data, { column: choices.column });
  try {
    const { config, samples } = await settle({ ...choices, onNote: undefined }, definition, source);
    if (samples !== source) await samples.close();
    const difference = firstDifference(there, config, [...INCIDENTAL, ...OF_DATA]);
    if (difference)
      throw new UserError(
        `${out}: there is a run already, with ${difference}; go on with it by the command that began it, or name another --out`,
      );
  } finally {
    await source.close();
  }
}

/** Options that say how large an encoder is. */
const SIZES: readonly string[] = ["size", "layers"];

/** `resnet-10:width=16`, and the same of a file, whose path may have dashes: `./my-net.ts:width=16`. */
function partsOfName(text: string) {
  const [, path = "", ofPath = ""] = /^(.+?)(?::([^/\\]*=.*))?$/.exec(text) ?? [];
  if (isPath(path)) return { name: path, variant: undefined, given: ofPath };
  const [, name = "", variant, given = ""] = /^([^-:]+)(?:-([^:]+))?(?::(.+))?$/.exec(text) ?? [];
  return { name, variant, given };
}

/**
 * An encoder in one word: its name, one of its sizes, and options if need be; or the path of a file that defines one.
 * @throws UserError saying what there is
 */
export async function encoderNamed(text: string): Promise<Pick<PretrainOptions, "encoder" | "encoderOptions">> {
  const { name, variant, given } = partsOfName(text);
  const definition = await encoders.load(name);
  const flags = flagsOf(definition.options);
  const options: Record<string, unknown> = {};
  const set = (flag: Flag, value: string) => {
    try {
      options[flag.key] = flag.parse(value);
    } catch (error) {
      // Its own words name a flag of `pretrain`, which is not where this text stands.
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`--into ${text}: ${flag.key} ${value} must be ${flag.allowed}`);
    }
  };
  if (variant !== undefined) {
    const size = flags.find(({ key }) => SIZES.includes(key));
    if (!size) throw new UserError(`encoder ${name} has no sizes; give its options as ${name}:name=value`);
    set(size, variant);
  }
  for (const assignment of given.split(",").filter(Boolean)) {
    const [key = "", ...value] = assignment.split("=");
    const flag = flags.find((one) => one.key === key || one.name === key);
    if (!flag || value.length === 0)
      throw new UserError(
        `"${assignment}" in ${text}: give options of encoder ${name} as name=value; there are: ${flags.map((one) => one.key).join(", ")}`,
      );
    set(flag, value.join("="));
  }
  return { encoder: name, encoderOptions: options };
}
