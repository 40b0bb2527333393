import * as z from "zod";
import { UserError } from "../../foundation/errors.ts";
import { parseJson, parseTornJson } from "../../foundation/json.ts";
import { type Columns, labelNamesOf, missing, namesOf, positionsOf } from "./columns.ts";
import { linesOf } from "./lines.ts";
import { fieldsAmong, pick, type Row } from "./records.ts";
import { utf8Chunks } from "./utf8.ts";

/** Largest array in bytes, since it is held in memory as a whole. */
const LARGEST_ARRAY = 1 << 28;
/** Column names kept for messages. */
const NAMES = 64;

const Json = z.record(z.string(), z.unknown());

/** The first character of a file that is not white space; empty if there is none. */
export async function firstCharacter(path: string): Promise<string> {
  for await (const { bytes } of utf8Chunks(path)) {
    const text = bytes.toString("utf8").trimStart();
    if (text) return text[0]!;
  }
  return "";
}

/**
 * Rows of JSON lines, or of one array of objects or texts: the file's contents decide, not its name.
 * @throws UserError when it is neither, or no row has a requested column
 */
export async function* jsonRows(path: string, columns: Columns): AsyncGenerator<Row[]> {
  const picker = pickerOf(path, columns);
  const array = (await firstCharacter(path)) === "[" ? await arrayIn(path) : undefined;
  if (array) yield array.map((value, at) => picker.pick(value, "entry", at + 1));
  else {
    let isFirst = true;
    for await (const lines of linesOf(path)) {
      const rows: Row[] = [];
      for (const { bytes, number } of lines) {
        const text = bytes.toString("utf8");
        const value = parseTornJson(text);
        if (value === undefined) {
          if (isFirst) await refuseObject(path);
          parseJson(text, `${path}: line ${number}`, adviceFor(text));
        }
        rows.push(picker.pick(value, "line", number));
        isFirst = false;
      }
      yield rows;
    }
  }
  picker.end();
}

/** Picks the columns of each row: which of them a row has may differ from row to row. */
function pickerOf(path: string, columns: Columns) {
  const wanted = namesOf(columns);
  const existing = new Set<string>();
  const found = wanted.map(() => false);
  let objects = 0;
  const labelled = new Set<string>();
  return {
    pick(value: unknown, unit: "entry" | "line", line: number): Row {
      const where = `${path}: ${unit} ${line}`;
      if (unit === "entry" && typeof value === "string") return { text: value, label: undefined, line };
      const object = Json.safeParse(value);
      if (!object.success) throw new UserError(`${where} is not a JSON object${unit === "entry" ? " or a text" : ""}`);
      const names = Object.keys(object.data);
      if (existing.size < NAMES) for (const name of names) existing.add(name);
      const fields = fieldsAmong(where, columns, names);
      objects++;
      for (const name of fields.labels) if (name !== undefined) labelled.add(name);
      fields.text.forEach((name, at) => {
        found[at] ||= name !== undefined;
      });
      return { ...pick(object.data, fields, where), line };
    },
    /** @throws UserError when no row had a requested column */
    end(): void {
      const missed = wanted.find((_, at) => !found[at]);
      if (objects > 0 && missed !== undefined) throw missing(path, missed, [...existing], false, columns.advice);
      if (columns.labelColumn === undefined) return;
      const lacking = labelNamesOf(columns.labelColumn, [...existing]).find(
        (name) => positionsOf(name, [...labelled]).length === 0,
      );
      if (lacking !== undefined) throw missing(path, lacking, [...existing], true, columns.advice);
    },
  };
}

/** The whole file; undefined if it is larger than what is held in memory. */
async function contentsOf(path: string): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const { bytes } of utf8Chunks(path)) {
    length += bytes.length;
    if (length > LARGEST_ARRAY) return undefined;
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** The values of a file that is one JSON array; undefined when it is lines that are arrays. @throws UserError */
export async function arrayIn(path: string): Promise<unknown[] | undefined> {
  const text = await contentsOf(path);
  if (text === undefined)
    throw new UserError(
      `${path}: a JSON array of more than ${LARGEST_ARRAY >> 20} MiB; write a line for each row: jq -c '.[]' <file> > <file>.jsonl`,
    );
  const value = parseTornJson(text);
  if (globalThis.Array.isArray(value)) return value;
  const [line = ""] = text.trimStart().split("\n", 1);
  if (parseTornJson(line) !== undefined) return undefined;
  parseJson(text, path, adviceFor(text));
  return undefined;
}

/** @throws UserError when the file is one object over several lines */
async function refuseObject(path: string): Promise<void> {
  const object = Json.safeParse(parseTornJson((await contentsOf(path)) ?? ""));
  if (!object.success) return;
  const inside = Object.entries(object.data).find(([, value]) => globalThis.Array.isArray(value))?.[0];
  const advice =
    inside === undefined ? "" : `; if the rows are in "${inside}": jq '.["${inside}"]' <file> > <new file>`;
  throw new UserError(`${path}: one JSON object, and not an array or a line for each row${advice}`);
}

/** What to do about values that Python writes and JSON has not. */
export const adviceFor = (text: string): string =>
  /[:[,]\s*(NaN|-?Infinity)\s*[,}\]]/.test(text) ? "; NaN and Infinity are not JSON: write null" : "";
