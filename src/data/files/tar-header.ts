/** Headers of tar archives, as POSIX.1-2001 (pax) and GNU write them: https://www.gnu.org/software/tar/manual/html_node/Standard.html */

/** Headers, and the contents of files, take whole blocks. */
export const BLOCK = 512;

/** What a header is of. */
export type TarKind =
  | "file"
  | "folder"
  | "link"
  | "device"
  | "sparse"
  /** A longer name of the next entry. */
  | "name"
  /** A longer target of the next link. */
  | "target"
  /** Records about the next entry, or all. */
  | "records"
  | "all records"
  | "other";

export interface TarHeader {
  readonly kind: TarKind;
  readonly name: string;
  /** Bytes that follow the header, without what fills the last block. */
  readonly size: number;
  /** Of a sparse file of GNU's: more blocks of headers follow. */
  readonly isContinued: boolean;
}

const kinds: Readonly<Record<string, TarKind>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "link",
  "3": "device",
  "4": "device",
  "5": "folder",
  "6": "device",
  L: "name",
  K: "target",
  x: "records",
  X: "records",
  g: "all records",
  S: "sparse",
};

const text = (block: Buffer, start: number, length: number): string => {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? length : end);
};

/** A whole number from 0 as headers have it: in octal, or in base 256 where the first bit is set. @throws Error for another */
function number(block: Buffer, start: number, length: number, what: string): number {
  const first = block[start]!;
  if (first & 0x80) {
    // The next bit is the sign.
    if (first & 0x40) throw new Error(`${what} is negative`);
    let value = first & 0x3f;
    for (let at = start + 1; at < start + length; at++) value = value * 256 + block[at]!;
    if (!Number.isSafeInteger(value)) throw new Error(`${what} is more than any file has`);
    return value;
  }
  const digits = block
    .toString("latin1", start, start + length)
    .replace(/\0[\s\S]*$/, "")
    .trim();
  if (!/^[0-7]*$/.test(digits)) throw new Error(`${what} is no number`);
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

export const isZero = (block: Buffer): boolean => block.every((byte) => byte === 0);

const [SUM, SUM_END] = [148, 156];

/** Whether a block has the sum of its bytes, as every header has: of bytes with or, as old programs wrote it, without a sign. */
export function isHeader(block: Buffer): boolean {
  if (block.length < BLOCK) return false;
  let [plain, signed] = [0, 0];
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= SUM && at < SUM_END ? 32 : block[at]!;
    plain += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const digits = block
    .toString("latin1", SUM, SUM_END)
    .replace(/\0[\s\S]*$/, "")
    .trim();
  const sum = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  return sum === plain || sum === signed;
}

/** Reads a block that `isHeader`. @throws Error when its size is no number from 0 */
export function headerIn(block: Buffer): TarHeader {
  const kind = kinds[block.toString("latin1", 156, 157)] ?? "other";
  const own = text(block, 0, 100);
  // GNU has other fields in the place of the prefix.
  const isPosix = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? text(block, 345, 155) : "";
  const name = prefix === "" ? own : `${prefix}/${own}`;
  // A name that ends so is a folder's to old programs.
  const isFolder = kind === "file" && name.endsWith("/");
  const isEmpty = isFolder || kind === "folder" || kind === "link" || kind === "device";
  const size = number(block, 124, 12, "the size of an entry");
  return {
    kind: isFolder ? "folder" : kind,
    name,
    // Some programs write the size of a link's target, or of what is in a folder; nothing follows.
    size: isEmpty ? 0 : size,
    isContinued: kind === "sparse" && block[482] === 1,
  };
}

/** Whether another block of a sparse file's map follows this one. */
export const continues = (block: Buffer): boolean => block[504] === 1;

/** Records of pax: `27 path=a/very/long/name\n`. @throws Error when a length is not that of its record */
export function recordsIn(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.length; ) {
    // What fills the rest of some writers' records.
    if (bytes[start] === 0) break;
    const space = bytes.indexOf(32, start);
    const digits = space < 0 || space - start > 10 ? "" : bytes.toString("latin1", start, space);
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0;
    const end = start + length;
    if (end <= space + 1 || end > bytes.length || bytes[end - 1] !== 10)
      throw new Error("a record of pax has a wrong length");
    const record = bytes.toString("utf8", space + 1, end - 1);
    const equals = record.indexOf("=");
    if (equals < 1) throw new Error("a record of pax has no name");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start = end;
  }
  return records;
}
