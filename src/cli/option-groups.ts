import { type Command, Option } from "commander";
import type { z } from "zod";
import {
  type EncoderDefinition,
  encoderOf,
  encoders,
  type Flag,
  flagsOf,
  type MethodDefinition,
  type ModalityDefinition,
  methods,
  modalities,
  optionOwners,
  presetOf,
  TrainingOptions,
  UserError,
} from "../index.ts";

/** Options that belong together: training's, or those of one method, encoder or modality. */
export interface Group {
  readonly kind: "training" | "encoder" | "method" | "modality";
  readonly name: string;
  /** By their name on the command line. */
  readonly flags: ReadonlyMap<string, Flag>;
}

/** What a run is made of, as far as it is known. */
export interface Choice {
  readonly modality?: ModalityDefinition;
  readonly method?: MethodDefinition;
  readonly encoder?: EncoderDefinition;
}

export type OptionsByKind = Record<Group["kind"], Record<string, unknown>>;

/** The value of an option given as `--method simclr` or `--method=simclr`, before the line can be parsed as a whole. */
export function valueOf(argv: readonly string[], option: string): string | undefined {
  const index = argv.findIndex((word) => word === option || word.startsWith(`${option}=`));
  if (index < 0) return undefined;
  return argv[index]!.includes("=") ? argv[index]!.slice(option.length + 1) : argv[index + 1];
}

/** What the data and the names come to: the defaults that pre-training itself would take. */
export async function choose(
  names: { method?: string; encoder?: string; preset?: string },
  modality: ModalityDefinition,
) {
  const method = await methods.load(names.method ?? modality.defaultMethod);
  const preset = names.preset === undefined ? undefined : presetOf(method, names.preset);
  const encoder = await encoderOf(names.encoder, preset, method, modality);
  return { modality, method, encoder } satisfies Choice;
}

/** What brings options with it. */
interface Definition {
  readonly name: string;
  readonly options: z.ZodObject;
  readonly tasks?: MethodDefinition["tasks"];
}

/** Flags of the command itself, which no schema may take. */
const GENERAL = [
  "method",
  "preset",
  "curriculum",
  "encoder",
  "modality",
  "labels",
  "label-count",
  "column",
  "label-column",
  "out",
  "resume",
  "from",
  "steps",
  "json",
  "help",
];

/**
 * The groups of one kind, each flag under a name that is not taken.
 * @param taken names that others have already; theirs are added
 */
function groupsOf(kind: Group["kind"], definitions: readonly Definition[], taken: Set<string>): Group[] {
  const groups = definitions.map(({ name, options, tasks }) => {
    const owners = tasks && optionOwners(tasks);
    const flags = flagsOf(options).map((flag): [string, Flag] => {
      const owner = owners?.get(flag.key)?.task.definition.name ?? name;
      const title = taken.has(flag.name) ? `${owner}-${flag.name}` : flag.name;
      return [title, title === flag.name ? flag : { ...flag, name: title }];
    });
    return { kind, name, flags: new Map(flags) };
  });
  for (const { flags } of groups) for (const name of flags.keys()) taken.add(name);
  return groups;
}

/** Training's options alone: what help shows when nothing is chosen. */
export const trainingGroups = (taken = new Set(GENERAL)): Group[] =>
  groupsOf("training", [{ name: "training", options: TrainingOptions }], taken);

/** All of them, and the one that is chosen: a file of the user's comes beside the built-in, or in place of its namesake. */
const withChosen = <Entry extends Definition>(all: readonly Entry[], chosen: Entry | undefined): readonly Entry[] =>
  chosen ? [...all.filter(({ name }) => name !== chosen.name), chosen] : all;

/**
 * Every group there is, each flag under its name on the command line. Where names clash, the later of training,
 * encoders, methods and modalities puts its own name in front (`--size` is the ViT's, `--image-size` the images'),
 * whatever is chosen, so that a flag means the same on every command line.
 * @param chosen brings in what is not built in: an encoder, a method or a modality in a file of the user's
 */
export async function optionGroups(chosen: Choice): Promise<Group[]> {
  const taken = new Set(GENERAL);
  return [
    ...trainingGroups(taken),
    ...groupsOf("encoder", withChosen(await encoders.all(), chosen.encoder), taken),
    ...groupsOf("method", withChosen(await methods.all(), chosen.method), taken),
    ...groupsOf("modality", withChosen(await modalities.all(), chosen.modality), taken),
  ];
}

const isChosen = (group: Group, chosen: Choice): boolean =>
  group.kind === "training" || chosen[group.kind]?.name === group.name;

const headings = { training: "Training:", encoder: "Encoder", method: "Method", modality: "Data" } as const;

/** Adds every flag of every group; help shows those of what is chosen, as far as they do anything there. */
export function addOptions(command: Command, all: readonly Group[], chosen: Choice): Command {
  const added = new Set<string>();
  const { replaces = {} } = chosen.method ?? {};
  for (const group of [...all].sort((a, b) => Number(isChosen(b, chosen)) - Number(isChosen(a, chosen))))
    for (const [name, flag] of group.flags) {
      if (added.has(name)) continue;
      added.add(name);
      const heading = group.kind === "training" ? headings.training : `${headings[group.kind]} ${group.name}:`;
      const notes = [
        flag.allowed === "text" || flag.isSwitch ? "" : flag.allowed,
        flag.defaultValue === undefined ? "" : `default ${String(flag.defaultValue)}`,
      ].filter(Boolean);
      const text = `${flag.description}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
      const isReplaced = group.kind === "modality" && Object.hasOwn(replaces, flag.key);
      const isHidden = isReplaced || !isChosen(group, chosen);
      const add = (syntax: string, description: string) =>
        command.addOption(new Option(syntax, description).helpGroup(heading).hideHelp(isHidden));
      if (flag.isSwitch) {
        add(`--${name}`, text);
        add(`--no-${name}`, `turns --${name} off`);
      } else add(`--${name} <value>`, text);
    }
  return command;
}

/**
 * Shares what was given out among the chosen groups, parsed by their schemas.
 * @param given values by commander's key: `projectionDim` for `--projection-dim`
 * @throws UserError for a value that is not allowed, and for a flag of something that is not chosen
 */
export function shareOut(
  given: Readonly<Record<string, unknown>>,
  all: readonly Group[],
  chosen: Choice,
): OptionsByKind {
  const result: OptionsByKind = { training: {}, encoder: {}, method: {}, modality: {} };
  const owned = new Set<string>();
  const strangers = new Map<string, Group>();
  for (const group of all)
    for (const [name, flag] of group.flags) {
      const value = given[new Option(`--${name}`).attributeName()];
      if (typeof value !== "string" && typeof value !== "boolean") continue;
      if (!isChosen(group, chosen)) strangers.set(name, group);
      else {
        owned.add(name);
        result[group.kind][flag.key] = flag.parse(value);
      }
    }
  for (const [name, { kind, name: owner }] of strangers)
    if (kind !== "training" && !owned.has(name))
      throw new UserError(
        `--${name} is an option of ${kind} ${owner}; this run uses ${chosen[kind]?.name ?? "another"}`,
      );
  return result;
}
