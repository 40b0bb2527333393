import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import {
  encoders,
  type MethodDefinition,
  type ModalityDefinition,
  methods,
  modalities,
  modalityFor,
  type Progress,
  pretrain,
  reads,
  UserError,
} from "../index.ts";
import { choose, optionGroups } from "./chosen-options.ts";
import { abortOnInterrupt, Interrupted } from "./interrupt.ts";
import { addOptions, type Choice, type Group, shareOut } from "./option-groups.ts";
import { columns, print, printJson } from "./output.ts";
import { progressLine } from "./progress.ts";
import { refuseChanges, stoppedAt } from "./resume.ts";

interface General {
  readonly method?: string;
  readonly preset?: string;
  readonly encoder?: string;
  readonly modality?: string;
  readonly curriculum?: readonly string[];
  readonly labels?: string;
  readonly column?: string;
  readonly labelColumn?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly from?: string;
  readonly json?: boolean;
}

/** What is named on the command line, before it is parsed. */
export interface Names {
  readonly method?: string | undefined;
  readonly encoder?: string | undefined;
  readonly preset?: string | undefined;
  readonly modality?: string | undefined;
}

/**
 * Adds the options of all that can be trained, and the action of `pretrain`.
 * @param isChosen whether anything is named: help then shows its options
 */
export async function addPretraining(command: Command, names: Names, isChosen: boolean): Promise<void> {
  const shown: Choice = isChosen ? await choose(names, await shownModality(names.method, names.modality)) : {};
  const all = await optionGroups(shown);
  addOptions(command, all, shown)
    .addHelpText("after", presetsText(shown.method))
    .action((data: string | undefined, given: General & Record<string, unknown>) => run(data, given, all, command));
}

/** The data whose options help shows: of the kind that is named, or that the method's encoder reads. */
async function shownModality(method: string | undefined, named: string | undefined): Promise<ModalityDefinition> {
  if (named) return modalities.load(named);
  const all = await modalities.all();
  const { defaultEncoder } = method ? await methods.load(method) : {};
  const encoder = defaultEncoder ? await encoders.load(defaultEncoder) : undefined;
  return all.find(({ inputs }) => encoder && reads(encoder, inputs)) ?? all[0]!;
}

/** The presets of the method that help is about. */
function presetsText(method: MethodDefinition | undefined): string {
  const presets = Object.entries(method?.presets ?? {});
  if (presets.length === 0) return "";
  return `\nPresets of ${method?.name}:\n${columns(presets.map(([name, { summary }]) => [`  ${name}`, summary]))}`;
}

/** The options of a new run, by what has them; a run that is continued has its own. */
async function optionsOf(
  data: string | undefined,
  given: General & Record<string, unknown>,
  all: readonly Group[],
  command: Command,
) {
  const { resume } = given;
  if (resume !== undefined) {
    refuseChanges(command, resume, ["labels"]);
    return undefined;
  }
  if (data === undefined) throw new UserError("name the data to learn from, or a run to continue: --resume");
  return shareOut(given, all, await choose(given, await modalityFor(data, given.modality)));
}

async function run(
  data: string | undefined,
  given: General & Record<string, unknown>,
  all: readonly Group[],
  command: Command,
): Promise<void> {
  const { labels, resume, json, out = join("runs", basename(data ?? "", extname(data ?? ""))) } = given;
  const folder = resume ?? out;
  const options = await optionsOf(data, given, all, command);
  const line = progressLine();
  const interrupt = abortOnInterrupt(() => line.note("saving; Ctrl-C again quits at once"));
  try {
    let last: Progress | undefined;
    const learned = await pretrain({
      data,
      out: folder,
      resume: resume !== undefined,
      from: given.from,
      labels,
      column: given.column,
      labelColumn: given.labelColumn,
      modality: given.modality,
      method: given.method,
      preset: given.preset,
      curriculum: given.curriculum,
      encoder: given.encoder,
      training: options?.training,
      options: options?.method,
      encoderOptions: options?.encoder,
      modalityOptions: options?.modality,
      signal: interrupt.signal,
      onNote: line.note,
      onProgress: (progress) => {
        last = progress;
        line.update(progress);
      },
    });
    line.end();
    const { epochs } = learned.config.training;
    if (interrupt.signal.aborted && learned.epoch < epochs)
      throw new Interrupted(stoppedAt("pretrain", folder, learned.step));
    const { method, encoder } = learned.config;
    if (json)
      return printJson({
        run: learned.path,
        method: method.name,
        encoder: encoder.name,
        step: learned.step,
        epochs,
        loss: last?.loss,
        broken: last?.broken,
      });
    print(`${folder}: ${method.name} on ${encoder.name}, ${learned.step} steps, ${epochs} epochs`);
    print(`next: autodidact evaluate ${folder} --train <labelled data> --test <labelled data>`);
  } finally {
    line.end();
    interrupt.release();
  }
}
