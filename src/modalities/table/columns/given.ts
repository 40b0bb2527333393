import { readFile } from "node:fs/promises";
import type { RunFiles } from "../../../data/modality.ts";
import type { Source } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { parseJson } from "../../../foundation/json.ts";
import type { TableOptions } from "../options.ts";
import type { Row } from "../row.ts";
import { FILE, Learned, listed, toFile } from "./learned.ts";

/** What a file of another run says. @throws UserError when it is none */
async function learnedFrom(path: string): Promise<Learned> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const learned = Learned.safeParse(parseJson(text, path));
  if (learned.success) return learned.data;
  const [issue] = learned.error.issues;
  throw new UserError(`${path}: not the ${FILE} of a run (${issue?.path.join(".") || "whole"}: ${issue?.message})`);
}

/** Rows that must lack a column before that is said. */
const PROBED = 100;

/** The columns of another run. @throws UserError when the file is none, or the data have none of them */
export async function givenColumns(
  source: Source<Row>,
  path: string,
  { leaveOut, categories, numbers, formulas }: TableOptions,
  onNote?: (note: string) => void,
): Promise<RunFiles> {
  if (leaveOut.length + categories.length + numbers.length + formulas.length > 0)
    throw new UserError(
      `${path}: says what the columns are; --leave-out, --categories, --numbers and --formulas are for those that are learned from the data`,
    );
  const learned = await learnedFrom(path);
  const met = new Set<string>();
  for (let at = 0; at < Math.min(PROBED, source.length); at++)
    for (const [name, cell] of (await source.read(at).catch(skipBroken))?.cells ?? [])
      if (cell !== undefined) met.add(name);
  const lacking = learned.columns.map(({ name }) => name).filter((name) => !met.has(name));
  if (lacking.length === learned.columns.length)
    throw new UserError(
      `${source.name(0)}: has none of the columns that ${path} names: ${listed(lacking)}; it has: ${listed([...met])}`,
    );
  if (lacking.length > 0)
    onNote?.(`columns that the run reads and this data lack, or have no value in: ${listed(lacking)}`);
  return toFile(learned);
}
