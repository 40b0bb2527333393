import { isUtf8 } from "node:buffer";
import { extname } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { bytesOf } from "../files/gunzip.ts";

const [NEWLINE, RETURN] = [10, 13];

/** Whether lines end in a carriage return alone, as old Macs and some instruments write them. */
function endsInReturns(start: Buffer): boolean {
  const newline = start.indexOf(NEWLINE);
  return start.includes(RETURN) && (newline < 0 || (newline === start.length - 1 && start.at(-2) !== RETURN));
}

/** Bytes that show the encoding. */
const PROBED = 4096;

/**
 * The encoding of bytes that look like UTF-16 without a byte-order mark, of European letters: nearly every second byte is
 * zero, which would be UTF-8, too.
 */
export function wideEncoding(start: Uint8Array): "UTF-16LE" | "UTF-16BE" | undefined {
  const probe = start.subarray(0, PROBED);
  const zeros = [0, 0];
  probe.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]!++;
  });
  const [even = 0, odd = 0] = zeros;
  if (probe.length < 8 || Math.max(even, odd) < 0.2 * probe.length || Math.min(even, odd) > 0.05 * probe.length)
    return undefined;
  return odd > even ? "UTF-16LE" : "UTF-16BE";
}

/**
 * The bytes of a text file in chunks that end between characters, without a byte-order mark; a line ends in a line feed,
 * also where the file has carriage returns alone.
 * @throws UserError when they are not UTF-8, naming the first byte that is not
 */
export async function* utf8Chunks(path: string): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  let rest = Buffer.alloc(0);
  let offset = 0;
  let isReturned: boolean | undefined;
  for await (const bytes of bytesOf(path, extname(path).toLowerCase() === ".gz")) {
    let chunk = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    if (offset === 0 && wideEncoding(chunk)) throw notUtf8(path, chunk, 0);
    isReturned ??= endsInReturns(chunk);
    const whole = wholeCharacters(chunk);
    rest = Buffer.from(chunk.subarray(whole));
    chunk = chunk.subarray(0, whole);
    if (!isUtf8(chunk)) throw notUtf8(path, chunk, offset);
    // As long as before, so that offsets stay those of the file.
    if (isReturned)
      for (let at = chunk.indexOf(RETURN); at >= 0; at = chunk.indexOf(RETURN, at + 1)) chunk[at] = NEWLINE;
    const mark = offset === 0 && chunk.subarray(0, 3).equals(BOM) ? BOM.length : 0;
    yield { bytes: chunk.subarray(mark), offset: offset + mark };
    offset += whole;
  }
  if (rest.length > 0) throw notUtf8(path, rest, offset);
}

export const BOM = Buffer.of(0xef, 0xbb, 0xbf);

/** Length of `chunk` in bytes without an incomplete character at its end. */
function wholeCharacters(chunk: Buffer): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back]!;
    if (byte >= 0xc0) return back < lengthOf(byte) ? chunk.length - back : chunk.length;
    if (byte < 0x80) break;
  }
  return chunk.length;
}

const lengthOf = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** Offset of the first byte that does not start a character. */
export function firstInvalid(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOf(bytes[at]!);
    if (length > 1 && (at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length)))) return at;
    at += length;
  }
  return bytes.length;
}

/** `corpus.txt: not UTF-8: byte 17 is 0xe9 …` */
function notUtf8(path: string, chunk: Buffer, offset: number): UserError {
  return new UserError(`${path}: ${describeInvalid(chunk, offset)}`);
}

export function describeInvalid(bytes: Uint8Array, offset = 0): string {
  const at = firstInvalid(bytes);
  const isMarked = offset === 0 && at === 0 && (bytes[0] === 0xff || bytes[0] === 0xfe);
  if (isMarked) return "not UTF-8 but UTF-16; convert it with iconv -f UTF-16 -t UTF-8";
  const wide = offset === 0 ? wideEncoding(bytes) : undefined;
  if (wide) return `not UTF-8: it looks like ${wide}; convert it with iconv -f ${wide} -t UTF-8`;
  const advice = "convert it with iconv -f LATIN1 -t UTF-8, or from the encoding it is in";
  return `not UTF-8: byte ${offset + at} is 0x${bytes[at]?.toString(16).padStart(2, "0")}; ${advice}`;
}
