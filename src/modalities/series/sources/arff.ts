import { parse } from "csv-parse/sync";
import { type Line, linesOf } from "../../../data/tables/lines.ts";
import { messageOf, UserError } from "../../../foundation/errors.ts";
import { type Cells, seriesOf } from "./cells.ts";
import type { Found } from "./store.ts";

/** Whether a file begins as Weka's do: comments, then `@relation`. */
export const isArff = (text: string): boolean => /^(\s*(%[^\n]*)?\n)*\s*@relation\b/i.test(text.replace(/^\ufeff/, ""));

const NUMBER = /^(numeric|real|integer)$/i;
const CLASS = /^(class|target|label|classification)$/i;

type Attribute = "number" | "channels" | "label" | "other";

/** What an attribute is: `'att 1' numeric`, `target {1,2}`, `x relational`. */
function attributeOf(path: string, text: string, line: number): { kind: Attribute; name: string } {
  const found = /^@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)\s+(.+)$/i.exec(text);
  const [, quoted = "", type = ""] = found ?? [];
  if (!found) throw new UserError(`${path}: line ${line}: an attribute without a name or a type`);
  const name = quoted.replace(/^(['"])(.*)\1$/, "$2");
  if (NUMBER.test(type.trim())) return { kind: CLASS.test(name) ? "label" : "number", name };
  if (/^relational/i.test(type)) return { kind: "channels", name };
  return { kind: type.startsWith("{") ? "label" : "other", name };
}

/**
 * The series of an `.arff` file of the UCR and UEA archives: a row is a series, its numeric attributes the steps; or a
 * relational attribute has the channels, one a line. The last attribute with named values, or one called `class` or
 * `target`, is the class.
 * https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
 * @throws UserError when it is not one
 */
export async function arffSeries(path: string, name: string): Promise<Found[]> {
  const attributes: Attribute[] = [];
  const found: Found[] = [];
  let [isData, isInside] = [false, false];
  const readHeader = (text: string, number: number): void => {
    if (/^@end\b/i.test(text)) isInside = false;
    else if (/^@data\b/i.test(text)) isData = true;
    else if (/^@attribute\b/i.test(text) && !isInside) {
      const { kind } = attributeOf(path, text, number);
      attributes.push(kind);
      isInside = kind === "channels";
    } else if (!/^@(relation|attribute)\b/i.test(text))
      throw new UserError(`${path}: line ${number}: "${text.slice(0, 30)}" before @data; is this an ARFF file?`);
  };
  const read = ({ bytes, number }: Line): void => {
    const text = bytes
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .trim();
    if (text.startsWith("%") || text === "") return;
    if (!isData) {
      readHeader(text, number);
      return;
    }
    if (text.startsWith("{"))
      throw new UserError(`${path}: line ${number}: sparse rows ({…}) are not read; write all values`);
    found.push({ name: `${name}:${found.length + 1}`, ...seriesIn(text, number, attributes) });
  };
  for await (const lines of linesOf(path)) for (const line of lines) read(line);
  if (found.length === 0) throw new UserError(`${path}: no series after @data`);
  return found;
}

function seriesIn(text: string, line: number, attributes: readonly Attribute[]): Omit<Found, "name"> {
  const cells = cellsIn(text);
  if (typeof cells === "string") return { broken: `line ${line}: ${cells}` };
  if (cells.length !== attributes.length)
    return { broken: `line ${line}: ${cells.length} values for ${attributes.length} attributes` };
  const last = attributes.lastIndexOf("label");
  const label = last < 0 ? undefined : cells[last];
  const steps = cells.filter((_, at) => attributes[at] === "number");
  const relations = cells.filter((_, at) => attributes[at] === "channels");
  const rows: Cells[] = relations.flatMap((relation) => relation.split(/\\n|\n/).map((row) => row.split(",")));
  return seriesOf(steps.length > 0 ? [steps, ...rows] : rows, label, line);
}

/** The values of a row, without their quotation marks, or what is wrong with it. */
function cellsIn(text: string): string[] | string {
  // Weka quotes with apostrophes, others with quotation marks.
  const quote = /(^|,)\s*"/.test(text) ? '"' : "'";
  try {
    // A backslash before a mark makes it a character; before an n it is the end of a channel, and stays.
    const written = text.replaceAll(`\\${quote}`, quote + quote);
    const [cells = []] = parse(written, { quote, trim: true, relax_column_count: true }) as string[][];
    return cells;
  } catch (error) {
    return messageOf(error).split("\n")[0] ?? "not a row of values";
  }
}
