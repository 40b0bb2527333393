import { join } from "node:path";
import { foldsFromTable, type LabelTask, type OpenOptions } from "../../data/index.ts";
import { cellsOfColumn } from "../../data/parts/column.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { grouped } from "../../data/parts/groups.ts";
import { foldsIn } from "../../data/parts/split.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { rowsOf } from "../../data/tables/rows.ts";
import { UserError } from "../../foundation/errors.ts";
import { isFile, writeAtomically } from "../../foundation/files.ts";
import { unguardCell } from "../../foundation/formula.ts";
import { csv } from "../../interop/csv.ts";
import { drawFolds } from "../../training/data/split.ts";
import { everyEntry } from "../../training/features.ts";
import { type DataReader, namesOf } from "../../training/run/open-data.ts";
import { strataOf } from "./supervision.ts";

/** The file that says which entry is of which fold. */
export const FOLDS_FILE = "folds.csv";

/** How data were divided into folds. */
export interface Folds {
  /** A number of folds, a file or a column. */
  readonly by: string;
  /** What a number of folds is drawn with. */
  readonly seed?: number;
  /** Entries of each fold. */
  readonly sizes: readonly number[];
  readonly file: string;
}

export interface FoldOptions extends OpenOptions {
  readonly data: Paths;
  /** A number of folds, a file with the columns `path` and `fold`, or a column of the data. */
  readonly by: string;
  readonly task?: LabelTask | undefined;
  readonly seed: number;
  /** Folder that `folds.csv` is written to. */
  readonly out: string;
}

/**
 * Divides labelled data into folds, and writes that to `folds.csv`, which can be given back. Folds that are drawn are of about
 * the same size and the same share of each class, and cut through no group.
 * @throws UserError when the data cannot be divided so
 */
export async function foldData(
  reader: DataReader,
  { data, by, seed, task, out, ...open }: FoldOptions,
): Promise<Folds> {
  const definition = reader.modalityDefinition;
  const opened = await openPaths(definition, data, open);
  try {
    const source = await grouped(data, opened, open);
    const names = namesOf(source);
    const count = /^\d+$/.test(by) ? Number(by) : undefined;
    const folds = await (async () => {
      if (count === undefined) {
        if (await isFile(by)) return foldsFromTable(by, names);
        const cells = await cellsOfColumn(data, source, by, { labels: open.labels, flag: "--folds" }).catch(
          (error: unknown) => {
            if (!(error instanceof UserError)) throw error;
            throw new UserError(`--folds ${by}: no number, no file, and no column of folds (${error.message})`);
          },
        );
        return foldsIn(cells, `${inWords(data)}: column "${by}"`);
      }
      if (count < 2) throw new UserError(`--folds ${by}: at least two are needed`);
      const groups = await groupNumbersOf(definition, source, everyEntry(source));
      return drawFolds(strataOf(source, task ?? "classification"), count, seed, groups);
    })();
    const sizes = new Array<number>(folds.reduce((most, fold) => Math.max(most, fold + 1), 0)).fill(0);
    for (const fold of folds) if (fold >= 0) sizes[fold]!++;
    const file = join(out, FOLDS_FILE);
    const rows = names.flatMap((name, entry) => (folds[entry]! < 0 ? [] : [[name, folds[entry]! + 1]]));
    await writeAtomically(file, [csv([["path", "fold"], ...rows])]);
    return { by, ...(count === undefined ? {} : { seed }), sizes, file };
  } finally {
    await opened.close();
  }
}

/**
 * Writes the split in which one fold is the test part and the others are trained on.
 * @param fold from 1
 */
export async function writeFoldAsSplit(file: string, { file: folds }: Folds, fold: number): Promise<void> {
  const written: [string, string][] = [["path", "split"]];
  for await (const rows of rowsOf(folds, "csv", { column: "path", labelColumn: "fold" }))
    for (const { text, label } of rows) written.push([unguardCell(text), label === String(fold) ? "test" : "train"]);
  await writeAtomically(file, [csv(written)]);
}

/** `10 folds, seed 0, of 111 to 113 entries; written to runs/x/folds.csv` */
export function foldsLine({ seed, sizes, file }: Folds): string {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const size = least === most ? String(least) : `${least} to ${most}`;
  return `${sizes.length} folds${seed === undefined ? "" : `, seed ${seed}`}, of ${size} entries; written to ${file}`;
}
