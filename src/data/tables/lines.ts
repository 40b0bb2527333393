import { UserError } from "../../foundation/errors.ts";
import { utf8Chunks } from "./utf8.ts";

/** One line, without its end. */
export interface Line {
  readonly bytes: Buffer;
  /** Offset in the (unpacked) file. */
  readonly start: number;
  /** From 1. */
  readonly number: number;
}

/** Longest text in bytes, since a text is held in memory as a whole. */
export const LONGEST_TEXT = 1 << 24;

const NEWLINE = 10;
const RETURN = 13;

/**
 * The non-blank lines of a text file, one chunk at a time.
 * @throws UserError when the file is not UTF-8, or has a line that is too long
 */
export async function* linesOf(path: string): AsyncGenerator<Line[]> {
  let number = 1;
  let rest: Buffer[] = [];
  let restLength = 0;
  let restStart = 0;
  for await (const { bytes, offset } of utf8Chunks(path)) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      const part = bytes.subarray(from, at);
      const line = rest.length > 0 ? Buffer.concat([...rest, part]) : part;
      lines.push({ bytes: line, start: rest.length > 0 ? restStart : offset + from, number });
      rest = [];
      restLength = 0;
      number++;
      from = at + 1;
    }
    if (from < bytes.length) {
      if (rest.length === 0) restStart = offset + from;
      rest.push(bytes.subarray(from));
      restLength += bytes.length - from;
      if (restLength > LONGEST_TEXT)
        throw new UserError(
          `${path}: line ${number}, from byte ${restStart}, does not end within ${LONGEST_TEXT >> 20} MiB; put each text on a line of its part`,
        );
    }
    yield withoutBlank(lines);
  }
  if (rest.length > 0) yield withoutBlank([{ bytes: Buffer.concat(rest), start: restStart, number }]);
}

const withoutBlank = (lines: readonly Line[]): Line[] =>
  lines
    .map((line) => (line.bytes.at(-1) === RETURN ? { ...line, bytes: line.bytes.subarray(0, -1) } : line))
    .filter(({ bytes }) => !isBlank(bytes));

/** Decodes only lines that start with ASCII white space or a multi-byte character; others cannot be blank. */
const isBlank = (bytes: Buffer): boolean =>
  bytes.length === 0 || ((bytes[0]! <= 0x20 || bytes[0]! >= 0xc2) && bytes.toString("utf8").trim() === "");
