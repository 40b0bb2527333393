import { join } from "node:path";
import { encoders } from "../encoders/index.ts";
import { UserError } from "../foundation/errors.ts";
import { flagsOf } from "../foundation/options.ts";
import { type PretrainOptions, pretrain } from "../training/pretrain.ts";
import { openRun, type Run } from "../training/run.ts";
import { exportedModel, type MeasureOptions, measureShipped, type ShippedWorth } from "./shipped.ts";

type FromPretrain = "data" | "out" | "column" | "preset" | "training" | "signal" | "onNote";

export interface DistillRunOptions extends MeasureOptions, Pick<PretrainOptions, FromPretrain> {
  /** Run folder to learn from. */
  readonly teacher: string;
  /** The small encoder: `vit-tiny`, `resnet-10:width=16,stem=stride2`; the preset's or the data's when not given. */
  readonly into?: string;
  readonly methodOptions?: Readonly<Record<string, unknown>>;
  readonly onStep?: PretrainOptions["onProgress"];
}

export interface DistillResult {
  readonly run: Run;
  /** The teacher, and the student. */
  readonly models: readonly ShippedWorth[];
}

/**
 * Teaches a small encoder by a finished run (`distill`), on data that are read as that run reads them, and measures both.
 * @throws UserError for an encoder that there is not, and for whatever `pretrain` refuses
 */
export async function distillRun(options: DistillRunOptions): Promise<DistillResult> {
  const { teacher, into, data, out, column, preset, training, signal, onNote, onStep, methodOptions } = options;
  const taught = await openRun(teacher);
  const { modality } = taught.config;
  const tokenizer =
    modality.files?.["tokenizer.json"] === undefined ? {} : { tokenizer: join(teacher, "tokenizer.json") };
  const run = await pretrain({
    data,
    out,
    column: column ?? taught.config.data.column,
    preset,
    training,
    signal,
    onNote,
    onProgress: onStep,
    modality: modality.name,
    modalityDefaults: { ...modality.options, ...tokenizer },
    method: "distill",
    methodOptions: { ...methodOptions, teacher },
    ...(into === undefined ? {} : await encoderNamed(into)),
  });
  const models = await measureShipped(
    [
      { name: "teacher", model: await exportedModel(taught), run: taught },
      { name: "student", model: await exportedModel(run), run },
    ],
    options,
  );
  return { run, models };
}

/** Options that say how large an encoder is. */
const SIZES: readonly string[] = ["size", "layers"];

/**
 * An encoder in one word: its name, one of its sizes, and options if need be.
 * @throws UserError saying what there is
 */
export async function encoderNamed(text: string): Promise<Pick<PretrainOptions, "encoder" | "encoderOptions">> {
  const [, name = "", variant, given = ""] = /^([^-:]+)(?:-([^:]+))?(?::(.+))?$/.exec(text) ?? [];
  const definition = await encoders.load(name);
  const flags = flagsOf(definition.options);
  const options: Record<string, unknown> = {};
  if (variant !== undefined) {
    const size = flags.find(({ key }) => SIZES.includes(key));
    if (!size) throw new UserError(`encoder ${name} has no sizes; give its options as ${name}:name=value`);
    options[size.key] = size.parse(variant);
  }
  for (const assignment of given.split(",").filter(Boolean)) {
    const [key = "", ...value] = assignment.split("=");
    const flag = flags.find((one) => one.key === key || one.name === key);
    if (!flag || value.length === 0)
      throw new UserError(
        `"${assignment}" in ${text}: give options of encoder ${name} as name=value; there are: ${flags.map((one) => one.key).join(", ")}`,
      );
    options[flag.key] = flag.parse(value.join("="));
  }
  return { encoder: definition.name, encoderOptions: options };
}
