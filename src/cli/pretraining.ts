import { join } from "node:path";
import type { Command } from "commander";
import {
  encoders,
  type MethodDefinition,
  type ModalityDefinition,
  matchingOf,
  methods,
  modalities,
  modalityFor,
  type OpenOptions,
  type Paths,
  type Progress,
  pretrain,
  reads,
  tableOptionsOf,
  UserError,
  usualEncoder,
} from "../index.ts";
import { choose, optionGroups } from "./chosen-options.ts";
import { pathsOf } from "./data-options.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { addOptions, type Choice, type Group, optionsByKind } from "./option-groups.ts";
import { columns, print, printJson } from "./output.ts";
import { downloadLine, progressLine } from "./progress.ts";
import { refuseChanges, stemOf, stoppedAt } from "./resume.ts";

interface Flags extends OpenOptions {
  readonly method?: string;
  readonly preset?: string;
  readonly encoder?: string;
  readonly modality?: string;
  readonly curriculum?: readonly string[];
  readonly out?: string;
  readonly resume?: string;
  readonly from?: string;
  readonly probe?: string;
  readonly probeData?: string;
  readonly probeLabels?: string;
  readonly json?: boolean;
}

/** Names read from the command line before it is parsed. */
export interface Names {
  readonly method?: string | undefined;
  readonly encoder?: string | undefined;
  readonly preset?: string | undefined;
  readonly modality?: string | undefined;
}

/**
 * Adds the options of every method, encoder and modality, and the action of `pretrain`.
 * @param isChosen whether any of them is name: help then shows its options
 */
export async function addPretraining(command: Command, names: Names, isChosen: boolean): Promise<void> {
  const shown: Choice = isChosen ? await choose(names, await shownModality(names)) : {};
  const all = await optionGroups(shown);
  const sides = (await modalities.all()).flatMap((definition) => definition.sides?.names ?? []);
  for (const side of sides)
    command.option(`--${side}-from <run>`, `of pairs: start the ${side} encoder from a run on ${side} data`);
  addOptions(command, all, shown)
    .addHelpText("after", presetsText(shown.method))
    .action((data: string[], flags: Flags & Record<string, unknown>) => run(pathsOf(data), flags, all, sides, command));
}

/**
 * The modality whose options help shows: the one that is named, or the first that the method's encoder reads, or whose usual
 * method has the preset.
 */
async function shownModality({ method, modality, preset }: Names): Promise<ModalityDefinition> {
  if (modality) return modalities.load(modality);
  const all = await modalities.all();
  if (!method && preset !== undefined)
    for (const definition of all)
      if (Object.hasOwn((await methods.load(definition.defaultMethod)).presets ?? {}, preset)) return definition;
  const { defaultEncoder } = method ? await methods.load(method) : {};
  const encoder = defaultEncoder ? await encoders.load(defaultEncoder) : undefined;
  return all.find(({ inputs }) => encoder && reads(encoder, inputs)) ?? all[0]!;
}

/** The method's presets, for help. */
function presetsText(method: MethodDefinition | undefined): string {
  const presets = Object.entries(method?.presets ?? {});
  if (presets.length === 0) return "";
  return `\nPresets of ${method?.name}:\n${columns(presets.map(([name, { summary }]) => [`  ${name}`, summary]))}`;
}

/** The options of a new run, by kind; nothing for a run that is continued. */
async function optionsOf(
  data: Paths | undefined,
  flags: Flags & Record<string, unknown>,
  all: readonly Group[],
  command: Command,
) {
  const { resume } = flags;
  if (resume !== undefined) {
    refuseChanges(command, resume, ["labels", "probe", "probeData", "probeLabels"]);
    return undefined;
  }
  if (data === undefined) throw new UserError("name the training data, or a run to continue: --resume");
  const modality = await modalityFor(data, flags.modality);
  return optionsByKind(flags, all, await choose(flags, modality, await usualEncoder(modality, data)));
}

/** The runs that sides start from, by side: `--image-from runs/photos`. Other options may end in `-from` too. */
const sidesOf = (flags: Readonly<Record<string, unknown>>, sides: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    sides.flatMap((side): [string, string][] => {
      const value = flags[`${side}From`];
      return typeof value === "string" ? [[side, value]] : [];
    }),
  );

async function run(
  data: Paths | undefined,
  flags: Flags & Record<string, unknown>,
  all: readonly Group[],
  sides: readonly string[],
  command: Command,
): Promise<void> {
  const { labels, resume, json, out = join("runs", stemOf(data ?? "")) } = flags;
  const folder = resume ?? out;
  const options = await optionsOf(data, flags, all, command);
  const line = progressLine();
  const download = downloadLine();
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  try {
    let last: Progress | undefined;
    const trained = await pretrain({
      data,
      out: folder,
      resume: resume !== undefined,
      from: flags.from,
      sidesFrom: sidesOf(flags, sides),
      labels,
      probe: { every: flags.probe, data: flags.probeData, labels: flags.probeLabels },
      ...tableOptionsOf(flags),
      modality: flags.modality,
      method: flags.method,
      preset: flags.preset,
      curriculum: flags.curriculum,
      encoder: flags.encoder,
      training: options?.training,
      options: options?.method,
      encoderOptions: options?.encoder,
      modalityOptions: options?.modality,
      signal: interrupt.signal,
      onNote: line.note,
      onDownload: download.update,
      onProgress: (progress) => {
        last = progress;
        line.update(progress);
      },
    });
    line.end();
    const { epochs } = trained.config.training;
    if (interrupt.signal.aborted && trained.epoch < epochs)
      throw new Interrupted(stoppedAt("pretrain", folder, trained.step));
    const { method, encoder } = trained.config;
    if (json)
      return printJson({
        run: trained.path,
        method: method.name,
        encoder: encoder.name,
        step: trained.step,
        epochs,
        loss: last?.loss,
        ...(last?.probe ? { probe: last.probe } : {}),
        broken: last?.broken,
      });
    print(`${folder}: ${method.name} on ${encoder.name}, ${trained.step} steps, ${epochs} epochs`);
    const rest = (await matchingOf(trained)) ? "<other pairs>" : "--train <labelled data> --test <labelled data>";
    print(`next: autodidact evaluate ${folder} ${rest}`);
  } finally {
    download.end();
    line.end();
    interrupt.release();
  }
}
