import { dirname, relative, resolve } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { isFile } from "../../foundation/files.ts";
import { unguardCell } from "../../foundation/formula.ts";
import type { FolderManifest } from "../files/folder.ts";
import { type LeftOut, Tally } from "../files/left-out.ts";
import { sortOut, type Takes } from "../files/listing.ts";
import { type Labels, labelsOf } from "../labels.ts";
import type { OpenOptions } from "../source.ts";
import { hasColumns, rowsOf, tableFormatOf } from "./rows.ts";

/** Files that a table names, with their labels. */
export interface ListedFiles {
  readonly manifest: FolderManifest;
  readonly labels?: Labels | undefined;
  readonly leftOut: readonly LeftOut[];
}

const PATH_COLUMN = "path";

/** Whether a path is a table whose first rows name files of a kind, in a column `path`. */
export async function recognisesListed(path: string, takes: Takes): Promise<boolean> {
  const format = tableFormatOf(path);
  if (!format || !(await isFile(path)) || !(await hasColumns(path, format, { column: PATH_COLUMN }))) return false;
  for await (const rows of rowsOf(path, format, { column: PATH_COLUMN }))
    return rows.some(({ text }) => takes(text) === true);
  return false;
}

/**
 * The files that a table lists in its column `path`, relative to the table's folder, and the labels of its column `label`, if
 * it has one. A file that is missing is broken when it is read.
 * @throws UserError when it lists none of the kind, or one with two labels
 */
export async function listedFiles(
  path: string,
  takes: Takes,
  what: string,
  { column = PATH_COLUMN, labelColumn }: Pick<OpenOptions, "column" | "labelColumn"> = {},
): Promise<ListedFiles> {
  const root = dirname(path);
  const format = tableFormatOf(path) ?? "csv";
  const isGuarded = format === "csv" || format === "tsv";
  const labels = new Map<string, string | undefined>();
  for await (const rows of rowsOf(path, format, { column, labelColumn }))
    for (const { text, label, line } of rows) {
      const written = (isGuarded ? unguardCell(text) : text).trim();
      if (written === "") continue;
      const name = relative(root, resolve(root, written)).replaceAll("\\", "/");
      const before = labels.get(name);
      if (before !== undefined && label !== undefined && before !== label)
        throw new UserError(`${path}: row ${line} labels ${written} "${label}", an earlier row "${before}"`);
      labels.set(name, before ?? label);
    }
  const { names, unfit, others } = sortOut([...labels.keys()], takes);
  if (names.length === 0) throw new UserError(`${path}: lists no ${what} in its column ${column}`);
  const tally = new Tally();
  tally.addAll([...unfit, ...others]);
  return {
    manifest: { kind: "folder", root, names },
    labels: labelsOf(names.map((name) => labels.get(name))),
    leftOut: tally.leftOut,
  };
}
