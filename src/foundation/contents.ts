import { createHash, type Hash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { codeOf } from "./errors.ts";
import { retried } from "./retry.ts";

/** Files of at most this many bytes in all are read whole. */
const WHOLE = 2 ** 30;
/** Of more, each file's beginning, middle and end, and a block in each further MiB. */
const BLOCK = 4096;
const EVERY = 2 ** 20;
const BUFFER = 2 ** 20;

/** Files after which the event loop has a turn, so that Ctrl-C gets through. */
const TURN = 256;

/**
 * Digest of the contents of files, in their order: of every byte up to 1 GiB in all. Of more, of their sizes, and of each
 * file the first, middle and last 4 KiB and 4 KiB of each MiB. So two files that are swapped are found among a million,
 * and a copy has the digest of its original. A file that cannot be opened counts as such.
 * @returns 16 hexadecimal digits
 * @throws UserError when a file cannot be read for a reason that may pass, and does not
 */
export async function digestOfFiles(paths: Iterable<string>): Promise<string> {
  const all = [...paths];
  let total = 0;
  for (const [at, path] of all.entries()) {
    total += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (at % TURN === 0) await setImmediate();
    if (total > WHOLE) break;
  }
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(BUFFER);
  for (const [at, path] of all.entries()) {
    await retried(path, () => addFile(hash, path, buffer, total <= WHOLE));
    if (at % TURN === 0) await setImmediate();
  }
  return hash.digest("hex").slice(0, 16);
}

/** Adds one file; the digest changes only when all of it is read, so that it can be tried again. */
function addFile(hash: Hash, path: string, buffer: Buffer, isWhole: boolean): void {
  const own = createHash("sha256");
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      own.update(`${size}\n`);
      if (isWhole) {
        for (let done = 0, count = -1; count !== 0; done += count) {
          count = readSync(file, buffer, 0, BUFFER, done);
          own.update(buffer.subarray(0, count));
        }
      } else
        for (const start of blocksOf(size)) own.update(buffer.subarray(0, readSync(file, buffer, 0, BLOCK, start)));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (!["ENOENT", "EACCES", "EPERM", "EISDIR", "ELOOP", "ENOTDIR"].includes(codeOf(error) ?? "")) throw error;
    own.update("not readable");
  }
  hash.update(own.digest());
}

/** Where blocks are read: from the beginning, the middle and the end, and in each MiB. */
function* blocksOf(size: number): Generator<number> {
  yield 0;
  if (size > BLOCK) yield Math.max(BLOCK, size - BLOCK);
  if (size > 2 * BLOCK) yield Math.max(BLOCK, Math.floor((size - BLOCK) / 2));
  for (let start = EVERY; start < size - BLOCK; start += EVERY) yield start;
}
