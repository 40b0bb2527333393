import { join } from "node:path";
import {
  type LabelTask,
  NO_PART,
  type OpenOptions,
  type Part,
  type PartOf,
  parts,
  partsIn,
  type Source,
  splitFromTable,
} from "../../data/index.ts";
import { cellsOfColumn } from "../../data/parts/column.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { grouped } from "../../data/parts/groups.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { UserError } from "../../foundation/errors.ts";
import { isFile, writeAtomically } from "../../foundation/files.ts";
import { csv } from "../../interop/csv.ts";
import { stratifiedSplit } from "../../training/data/split.ts";
import { everyEntry } from "../../training/features.ts";
import { type DataReader, namesOf } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { strataOf } from "./supervision.ts";

/** The file that says which entry is of which part. */
export const SPLIT_FILE = "split.csv";

/** What an evaluation of a run calls its split: not as the one that the run was trained by, which resuming reads. */
export const evaluationSplit = ({ config }: Pick<Run, "config">): string =>
  config.supervision?.split ? "evaluation-split.csv" : SPLIT_FILE;

/** Shares of all entries that are held out for test, and of the others for validation: 80, 10 and 10 %. */
const [TEST, VALIDATION] = [1 / 10, 1 / 9];

/** How data were split into training, validation and test. */
export interface Split {
  /** `random`, `group`, a way of the kind's own (`scaffold`), a file or a column. */
  readonly by: string;
  /** What `random` and `group` draw with; the others are what they are. */
  readonly seed?: number;
  /** Entries of each part. */
  readonly sizes: Readonly<Record<Part, number>>;
  /** Entries of no part. */
  readonly others: number;
  readonly file: string;
}

export interface SplitOptions extends OpenOptions {
  /** Data to split. */
  readonly data: Paths;
  /** `random`, `group`, a way of the kind's own, a file with the columns `path` and `split`, or a column of the data. */
  readonly by: string;
  readonly task?: LabelTask | undefined;
  readonly seed: number;
  /** Folder that the split is written to. */
  readonly out: string;
  /** Name of that file; by default `split.csv`. */
  readonly file?: string;
}

/**
 * Splits data into training, validation and test, and writes that to a file, which can be given back.
 * @throws UserError when the data cannot be split that way
 */
export async function splitData(
  reader: DataReader,
  { data, by, seed, task, out, file: name = SPLIT_FILE, ...open }: SplitOptions,
): Promise<Split> {
  const definition = reader.modalityDefinition;
  const opened = await openPaths(definition, data, open);
  try {
    const source = await grouped(data, opened, open);
    const names = namesOf(source);
    const isDrawn = by === "random" || by === "group";
    const partOf = await partsBy(by);
    if (!partOf.includes(parts.indexOf("test")) || !partOf.includes(parts.indexOf("train")))
      throw new UserError(
        `${inWords(data)}: --split ${by} leaves nothing to ${partOf.includes(0) ? "test on" : "train on"}; there are too few ${by === "random" ? "entries" : "groups"}`,
      );
    const count = (part: number) => partOf.reduce((sum, one) => sum + Number(one === part), 0);
    const file = join(out, name);
    const rows = names.flatMap((name, entry) => {
      const part = parts[partOf[entry]!];
      return part === undefined ? [] : [[name, part]];
    });
    await writeAtomically(file, [csv([["path", "split"], ...rows])]);
    return {
      ...{ by, ...(isDrawn ? { seed } : {}), file, others: count(NO_PART) },
      sizes: { train: count(0), validation: count(1), test: count(2) },
    };

    async function partsBy(way: string): Promise<PartOf> {
      if (way === "random") return drawn(source, task, seed, undefined);
      const named = definition.splits?.[way];
      if (way === "group" || named) {
        const groups = await groupNumbersOf(definition, source, everyEntry(source), { leavesOut: named !== undefined });
        if (!groups)
          throw new UserError(
            `--split ${way}: ${definition.name} data have no groups; say what belongs together with --group`,
          );
        return named ? named(groups) : drawn(source, task, seed, groups);
      }
      if (await isFile(way)) return splitFromTable(way, names);
      const ways = ["random", "group", ...Object.keys(definition.splits ?? {})];
      try {
        const cells = await cellsOfColumn(data, source, way, { labels: open.labels, flag: "--split" });
        return partsIn(cells, `${inWords(data)}: column "${way}"`);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        throw new UserError(
          `--split ${way}: not ${ways.join(", ")}, no file, and no column of parts (${error.message})`,
        );
      }
    }
  } finally {
    await opened.close();
  }
}

/** Draws test and validation, of each class the same share; groups stay whole. */
function drawn(
  source: Source<unknown>,
  task: LabelTask | undefined,
  seed: number,
  groups: Int32Array | undefined,
): PartOf {
  // Entries without a label are a class of their own.
  const strata = strataOf(source, task ?? "classification").map((label) => label + 1);
  const all = everyEntry(source);
  const groupsIn = (entries: Int32Array) => groups && entries.map((entry) => groups[entry]!);
  const strataIn = (entries: Int32Array) => entries.map((entry) => strata[entry]!);
  const { kept, held } = stratifiedSplit(strata, TEST, seed, groupsIn(all));
  const second = stratifiedSplit(strataIn(kept), VALIDATION, seed, groupsIn(kept));
  const result = new Uint8Array(source.length).fill(parts.indexOf("train"));
  for (const entry of held) result[entry] = parts.indexOf("test");
  for (const row of second.held) result[kept[row]!] = parts.indexOf("validation");
  return result;
}

/** `split scaffold: 1,631 for training, 204 for validation, 204 for test; written to runs/x/split.csv` */
export function splitLine({ by, seed, sizes, others, file }: Split): string {
  const number = (count: number) => count.toLocaleString("en");
  const rest = others > 0 ? `, ${number(others)} in none` : "";
  return `split by ${by}${seed === undefined ? "" : `, seed ${seed}`}: ${number(sizes.train)} for training, ${number(sizes.validation)} for validation, ${number(sizes.test)} for test${rest}; written to ${file}`;
}
