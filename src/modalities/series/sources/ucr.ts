import { type Line, linesOf } from "../../../data/tables/lines.ts";
import { UserError } from "../../../foundation/errors.ts";
import { seriesOf } from "./cells.ts";
import type { Found } from "./store.ts";

/** Whether a file begins as the UCR and UEA archives' do: comments, then `@problemName` and others. TypeScript has none. */
export const isUcr = (text: string): boolean =>
  /^(\s*(#[^\n]*)?\n)*@(problemname|timestamps|relation|data)\b/i.test(text.replace(/^\ufeff/, ""));

interface Header {
  timestamps: boolean;
  label: boolean;
  /** Names of the classes, if there are any. */
  data: boolean;
}

/** One line above the data. */
function readHeader(path: string, header: Header, text: string): void {
  const [key = "", ...values] = text.slice(1).trim().split(/\s+/);
  switch (key.toLowerCase()) {
    case "timestamps":
      header.timestamps = values[0]?.toLowerCase() === "true";
      break;
    case "classlabel":
    case "targetlabel":
      header.label = values[0]?.toLowerCase() === "true";
      break;
    case "data":
      header.data = true;
      break;
    case "relation":
    case "attribute":
      throw new UserError(`${path}: this is ARFF; call it .arff`);
    default:
  }
}

/**
 * The series of a `.ts` file of the UCR and UEA archives: channels between colons, values between commas, `?` for a missing
 * one, the class last.
 * @throws UserError when it is not one
 */
export async function ucrSeries(path: string, name: string): Promise<Found[]> {
  const header: Header = { timestamps: false, label: false, data: false };
  const found: Found[] = [];
  const read = ({ bytes, number }: Line): void => {
    const text = bytes.toString("utf8").trim();
    if (text.startsWith("#") || text === "") return;
    if (text.startsWith("@") && !header.data) {
      readHeader(path, header, text);
      return;
    }
    if (!header.data)
      throw new UserError(`${path}: line ${number}: values before @data; is this a .ts file of the UCR archive?`);
    if (header.timestamps)
      throw new UserError(
        `${path}: .ts files with @timeStamps true are not read; write a table with a column of times`,
      );
    found.push({ name: `${name}:${found.length + 1}`, ...seriesIn(text, number, header.label) });
  };
  for await (const lines of linesOf(path)) for (const line of lines) read(line);
  if (found.length === 0) throw new UserError(`${path}: no series after @data`);
  return found;
}

function seriesIn(text: string, line: number, hasLabel: boolean): Omit<Found, "name"> {
  const parts = text.split(":");
  const label = hasLabel ? parts.pop() : undefined;
  if (parts.length === 0) return { broken: `line ${line}: no class after a colon` };
  return seriesOf(
    parts.map((part) => part.split(",")),
    label,
    line,
  );
}
