import {
  type Part,
  type PartOf,
  parts,
  partsIn,
  type Source,
  SPLIT_COLUMN,
  subset,
  type TableOptions,
  tableOptionsOf,
  trainingEntries,
} from "../../data/index.ts";
import { areSamePaths, inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { UserError } from "../../foundation/errors.ts";
import { everyEntry } from "../../training/features.ts";
import { openData, openRunData } from "../../training/run/open-data.ts";
import type { Run } from "../../training/run/run.ts";
import { evaluationSplit, type Split, splitData } from "../labels/split.ts";
import type { PairEvaluationOptions } from "./pair-evaluation.ts";

/** Pairs with those that are searched, and those that a baseline may be fitted to. */
export interface PartedPairs {
  readonly source: Source<unknown>;
  /** Entries that are searched. */
  readonly searched: Int32Array;
  /** Which these are, in words. */
  readonly part: string;
  /** Entries to fit baselines to; none when there is no part for that. */
  readonly fitted: Int32Array | undefined;
  readonly split?: Split;
}

const isPart = (name: string): name is Part => parts.some((part) => part === name);

/** Opens pairs and chooses those to search. @throws UserError when nothing can be read, or there is no such part */
export async function openParted(run: Run, options: PairEvaluationOptions): Promise<PartedPairs> {
  const { data, split: by, seed = 0 } = options;
  const open = { ...columnsFor(run, data, options), labels: options.labels };
  const isWay = by !== undefined && by !== "all" && !isPart(by);
  const split = isWay
    ? await splitData(run, { ...open, data, by, seed, out: run.path, file: evaluationSplit(run) })
    : undefined;
  const source = await openData(run, data, { ...open, splitFile: split?.file });
  try {
    const partOf = source.parts ?? (by === "all" ? undefined : partsOfColumn(source, data, by));
    if (!partOf) return { source, searched: everyEntry(source), part: "all pairs", fitted: undefined };
    const wanted = by !== undefined && isPart(by) ? by : "test";
    const of = (part: Part) => everyEntry(source).filter((entry) => parts[partOf[entry]!] === part);
    const searched = of(wanted);
    if (searched.length === 0)
      throw new UserError(`${inWords(data)}: column ${SPLIT_COLUMN} has no pair of the part ${wanted}`);
    return {
      ...{ source, searched, part: `the ${wanted} part by ${split ? split.by : `column ${SPLIT_COLUMN}`}` },
      fitted: wanted === "train" ? undefined : of("train"),
      ...(split ? { split } : {}),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * The entries of one part by the data's column `split`.
 * @param lenient none, if there is no such column
 * @throws UserError when there is none, or no such column
 */
export function entriesOfPart(source: Source<unknown>, data: Paths, part: string, lenient = false): Int32Array {
  if (!isPart(part)) throw new UserError(`--split ${part}: must be ${parts.join(", ")}`);
  const partOf = partsOfColumn(source, data, lenient ? undefined : part, "leave --split out to take all of them");
  const entries = partOf
    ? everyEntry(source).filter((entry) => partOf[entry] === parts.indexOf(part))
    : new Int32Array();
  if (entries.length > 0 || lenient) return entries;
  throw new UserError(`${inWords(data)}: column ${SPLIT_COLUMN} has no entry of the part ${part}`);
}

/** @throws UserError when a part is asked for, and the data have no such column */
function partsOfColumn(
  source: Source<unknown>,
  data: Paths,
  part: string | undefined,
  advice = "name a column of parts, a file with the columns path and split, or random",
): PartOf | undefined {
  const cells = source.column?.(SPLIT_COLUMN);
  if (cells?.some((cell) => cell?.trim())) return partsIn(cells, `${inWords(data)}: column ${SPLIT_COLUMN}`);
  if (part === undefined) return undefined;
  throw new UserError(`--split ${part}: the data have no column ${SPLIT_COLUMN}; ${advice}`);
}

/** Whether a run was trained on these very data. */
const isTrainedOn = ({ config }: Run, data: Paths): boolean => areSamePaths(config.data.path, data);

/** The columns to read pairs from: data that the run was trained on are read as it read them, unless the options say otherwise. */
export const columnsFor = (run: Run, data: Paths, options: TableOptions): TableOptions => ({
  ...(isTrainedOn(run, data) ? tableOptionsOf(run.config.data) : {}),
  ...tableOptionsOf(options),
});

/** Pairs that a baseline may be fitted to, and what readers must know of them. */
export interface PairsToFit {
  readonly fitted: Source<unknown> | undefined;
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** Whether the run was trained on what is searched: where the data say what to train on, it was not on the rest. */
function seenNotes(
  run: Run,
  data: Paths,
  { source, searched, part }: Pick<PartedPairs, "source" | "searched" | "part">,
): string[] {
  if (!isTrainedOn(run, data) || run.config.data.entries !== source.length) return [];
  const trained = new Set(trainingEntries(source) ?? everyEntry(source));
  const seen = searched.filter((entry) => trained.has(entry)).length;
  if (seen === 0) return [];
  if (seen < searched.length) return [`The run was trained on ${seen} of these ${searched.length} pairs.`];
  return [`The run was trained on all of these data: on ${part}, too.`];
}

/** The training part of data; where they have none, that of the data that the run was trained on. */
export async function pairsToFit(
  run: Run,
  data: Paths,
  parted?: Pick<PartedPairs, "source" | "searched" | "fitted" | "part">,
): Promise<PairsToFit> {
  const close = async () => undefined;
  const notes = parted ? seenNotes(run, data, parted) : [];
  if (parted?.fitted?.length) return { fitted: subset(parted.source, parted.fitted), notes, close };
  if (isTrainedOn(run, data))
    return { ...{ fitted: undefined, close }, notes: [...notes, "No baseline: no other pairs are left to fit it to."] };
  const trainingData = await openRunData(run, undefined).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!trainingData)
    return { ...{ fitted: undefined, close }, notes: ["No baseline: the run's training data are gone."] };
  const partOf = partsOfColumn(trainingData, run.config.data.path, undefined);
  const fitted = partOf
    ? subset(
        trainingData,
        everyEntry(trainingData).filter((entry) => partOf[entry] === parts.indexOf("train")),
      )
    : trainingData;
  return { fitted, notes, close: () => trainingData.close() };
}
