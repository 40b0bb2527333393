import { isUtf8 } from "node:buffer";
import { extname } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { bytesOf } from "../files/gunzip.ts";

/**
 * The bytes of a text file in chunks that end between characters, without a byte-order mark.
 * @throws UserError when they are not UTF-8, naming the first byte that is not
 */
export async function* utf8Chunks(path: string): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  let rest = Buffer.alloc(0);
  let offset = 0;
  for await (const bytes of bytesOf(path, extname(path).toLowerCase() === ".gz")) {
    let chunk = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    const whole = wholeCharacters(chunk);
    rest = Buffer.from(chunk.subarray(whole));
    chunk = chunk.subarray(0, whole);
    if (!isUtf8(chunk)) throw notUtf8(path, chunk, offset);
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
  const isUtf16 = offset === 0 && at === 0 && (bytes[0] === 0xff || bytes[0] === 0xfe);
  const encoding = isUtf16 ? "UTF-16" : "the encoding it is in, such as LATIN1,";
  return `not UTF-8: byte ${offset + at} is 0x${bytes[at]?.toString(16).padStart(2, "0")}; convert it from ${encoding} with iconv -t UTF-8`;
}
