import { type Command, Option } from "commander";
import type * as z from "zod";
import { UserError } from "../foundation/errors.ts";
import { ANY_TEXT, type Flag, flagsOf } from "../foundation/options.ts";
import type { EncoderDefinition, MethodDefinition, ModalityDefinition } from "../index.ts";
import { TrainingOptions } from "../training/run/config.ts";

/** The options of the training, or of one method, encoder or modality. */
export interface Group {
  readonly kind: "training" | "encoder" | "method" | "modality";
  readonly name: string;
  /** By name on the command line. */
  readonly flags: ReadonlyMap<string, Flag>;
}

/** The parts of a run that are chosen so far. */
export interface Choice {
  readonly modality?: ModalityDefinition;
  readonly method?: MethodDefinition;
  readonly encoder?: EncoderDefinition;
}

export type OptionsByKind = Record<Group["kind"], Record<string, unknown>>;

/** The value of `--method simclr` or `--method=simclr`, read before the whole command line can be parsed. */
export function valueOf(argv: readonly string[], option: string): string | undefined {
  const index = argv.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  if (index < 0) return undefined;
  return argv[index]!.includes("=") ? argv[index]!.slice(option.length + 1) : argv[index + 1];
}

/** Anything with options. */
export interface Definition {
  readonly name: string;
  readonly options: z.ZodObject;
  /** For options of a combined method: the task that an option belongs to, used as a prefix where its name is taken. */
  readonly owners?: ReadonlyMap<string, string>;
}

/** Flags of the commands themselves, reserved. */
export const GENERAL: readonly string[] = [
  "method",
  "preset",
  "curriculum",
  "encoder",
  "modality",
  "labels",
  "label-count",
  "column",
  "label-column",
  "by",
  "time",
  "group",
  "split",
  "out",
  "resume",
  "from",
  "probe",
  "probe-data",
  "probe-labels",
  "steps",
  "json",
  "help",
];

/**
 * The groups of one kind, each flag under a free name.
 * @param taken names in use; the new ones are added
 */
export function groupsOf(kind: Group["kind"], definitions: readonly Definition[], taken: Set<string>): Group[] {
  const groups = definitions.map(({ name, options, owners }) => {
    const flags = flagsOf(options).map((flag): [string, Flag] => {
      const owner = owners?.get(flag.key) ?? name;
      const title = taken.has(flag.name) ? `${owner}-${flag.name}` : flag.name;
      return [title, title === flag.name ? flag : { ...flag, name: title }];
    });
    return { kind, name, flags: new Map(flags) };
  });
  for (const { flags } of groups) for (const name of flags.keys()) taken.add(name);
  return groups;
}

/** The training options alone: what help shows when nothing is chosen. */
export const trainingGroups = (taken: Set<string> = new Set(GENERAL)): Group[] =>
  groupsOf("training", [{ name: "training", options: TrainingOptions }], taken);

const isChosen = (group: Group, chosen: Choice): boolean =>
  group.kind === "training" || chosen[group.kind]?.name === group.name;

const headings = { training: "Training:", encoder: "Encoder", method: "Method", modality: "Data" } as const;

/** Adds a flag under a heading of the help text; a switch can be turned off, too. */
export function addFlag(command: Command, name: string, flag: Flag, heading: string, isHidden = false): void {
  const notes = [
    flag.allowed === ANY_TEXT || flag.isSwitch ? "" : flag.allowed,
    flag.defaultValue === undefined ? "" : `default ${String(flag.defaultValue)}`,
  ].filter(Boolean);
  const text = `${flag.description}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
  const add = (syntax: string, description: string) =>
    command.addOption(new Option(syntax, description).helpGroup(heading).hideHelp(isHidden));
  if (flag.isSwitch) {
    add(`--${name}`, text);
    add(`--no-${name}`, `turns --${name} off`);
  } else add(`--${name} <value>`, text);
}

/** Adds every flag of every group; help shows those of the chosen parts, except options without effect there. */
export function addOptions(command: Command, all: readonly Group[], chosen: Choice): Command {
  const added = new Set<string>();
  const { replaces = {} } = chosen.method ?? {};
  for (const group of [...all].sort((a, b) => Number(isChosen(b, chosen)) - Number(isChosen(a, chosen))))
    for (const [name, flag] of group.flags) {
      if (added.has(name)) continue;
      added.add(name);
      const heading = group.kind === "training" ? headings.training : `${headings[group.kind]} ${group.name}:`;
      const isReplaced = group.kind === "modality" && Object.hasOwn(replaces, flag.key);
      addFlag(command, name, flag, heading, isReplaced || !isChosen(group, chosen));
    }
  return command;
}

/**
 * Parses the flags by the schemas of the chosen groups.
 * @param values by commander's key: `projectionDim` for `--projection-dim`
 * @throws UserError for a value that is not allowed, or a flag of a part that is not chosen. Where no kind of data is
 * chosen, because a published model tells it later, flags of any kind are taken
 */
export function optionsByKind(
  values: Readonly<Record<string, unknown>>,
  all: readonly Group[],
  chosen: Choice,
): OptionsByKind {
  const result: OptionsByKind = { training: {}, encoder: {}, method: {}, modality: {} };
  const used = new Set<string>();
  /** The parts that have the option, none of which is chosen. */
  const unused = new Map<string, Group[]>();
  for (const group of all)
    for (const [name, flag] of group.flags) {
      const value = values[new Option(`--${name}`).attributeName()];
      if (typeof value !== "string" && typeof value !== "boolean") continue;
      if (!isChosen(group, chosen)) unused.set(name, [...(unused.get(name) ?? []), group]);
      else {
        used.add(name);
        result[group.kind][flag.key] = flag.parse(value);
      }
    }
  for (const [name, groups] of unused) {
    const kind = groups[0]?.kind;
    if (kind === undefined || kind === "training" || used.has(name)) continue;
    // The kind of a published model is read with its weights: whatever then has no such option refuses it.
    const flag = kind === "modality" && chosen.modality === undefined ? groups[0]?.flags.get(name) : undefined;
    const value = values[new Option(`--${name}`).attributeName()];
    if (flag && (typeof value === "string" || typeof value === "boolean")) {
      result.modality[flag.key] = flag.parse(value);
      continue;
    }
    const owners = groups.filter((group) => group.kind === kind).map(({ name: owner }) => owner);
    throw new UserError(
      `--${name} is an option of ${kind} ${owners.join(", ")}; this run uses ${chosen[kind]?.name ?? "another"}`,
    );
  }
  return result;
}
