import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import yauzl from "yauzl";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { outputsAmong } from "../../foundation/outputs.ts";
import { retried } from "../../foundation/retry.ts";
import { type LeftOut, Tally } from "./left-out.ts";
import { isBomb, RATIO } from "./limits.ts";
import { sortOut, type Takes } from "./listing.ts";
import { randomAccess } from "./random-access.ts";
import { isRubbishPath } from "./rubbish.ts";
import { withShortNames } from "./short-names.ts";

const inflate = promisify(inflateRaw);

/** Largest unpacked size of an entry. */
export const ENTRY_LIMIT = 256 * 2 ** 20;
const LOCAL_HEADER = 30;
const LOCAL_SIGNATURE = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const methods: Readonly<Record<number, string>> = {
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
};

interface ZipEntry {
  /** Without folders that all entries share. */
  readonly name: string;
  /** As the archive has it. */
  readonly path: string;
  /** Index of its archive. */
  readonly archive: number;
  readonly crc: number;
  readonly offset: number;
  readonly compressed: number;
  readonly size: number;
  readonly method: number;
}

export interface ZipManifest {
  readonly kind: "zip";
  readonly paths: readonly string[];
  readonly entries: readonly ZipEntry[];
}

export interface ZipListing {
  readonly manifest: ZipManifest;
  readonly leftOut: readonly LeftOut[];
  /** Those of this kind: encrypted, packed in a way that is not read here, or `takes` gave a reason. */
  readonly unfit: readonly LeftOut[];
}

/**
 * The files that a kind of data takes in archives, sorted. Folders shared by all of them in an archive are removed from
 * their names; where that gives different files one name, only those shared by all archives are, and if need be the
 * archive's name comes before. A file in several archives, with the same name and contents, is listed once, and of entries
 * of one name in an archive the last, as when it is unpacked.
 * @throws UserError when an archive cannot be read, its entries overlap, or they unpack to more than 64 MiB and 200 times
 * its size
 */
export async function listZips(paths: readonly string[], takes: Takes): Promise<ZipListing> {
  const [leftOut, unfit] = [new Tally(), new Tally()];
  const listed: ZipEntry[] = [];
  for (const [archive, path] of paths.entries()) {
    const one = await listZip(path, archive, takes);
    unfit.addAll(one.unfit);
    leftOut.addAll([...one.unfit, ...one.others]);
    listed.push(...one.entries);
  }
  const entries = new Map<string, ZipEntry>();
  for (const entry of withShortNames(paths, listed)) {
    const key = `${entry.name}\n${entry.crc}`;
    if (entries.has(key)) leftOut.add(entry.name, { what: "also in another archive" });
    else entries.set(key, entry);
  }
  const sorted = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { manifest: { kind: "zip", paths, entries: sorted }, leftOut: leftOut.leftOut, unfit: unfit.leftOut };
}

/** Archives that are being listed: all kinds of data look at one at the same time, and share its directory. */
const listings = new Map<string, Promise<readonly yauzl.Entry[]>>();

/** All entries of an archive, in its order. */
function entriesOf(path: string): Promise<readonly yauzl.Entry[]> {
  const listing = listings.get(path) ?? readEntries(path).finally(() => listings.delete(path));
  listings.set(path, listing);
  return listing;
}

function readEntries(path: string): Promise<readonly yauzl.Entry[]> {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: true }, (error, zip) => {
      if (error || !zip) return reject(error ?? new Error("no archive"));
      const entries: yauzl.Entry[] = [];
      zip.on("entry", (entry: yauzl.Entry) => {
        const last = entries.at(-1);
        // Most archives are in order: a bomb is refused at its second entry, not after its millionth.
        if (last && overlap(partOf(last), partOf(entry))) {
          zip.close();
          return reject(overlapping(path, entry));
        }
        entries.push(entry);
        zip.readEntry();
      });
      zip.on("end", () => resolve(entries));
      zip.on("error", reject);
      zip.readEntry();
    });
  });
}

/** Plain words for yauzl's. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/end of central directory/i, "its end is missing; copy or download it again"],
  [/central directory file header/i, "its directory is not where it should be; zip -A mends bytes before the archive"],
];

async function listZip(path: string, archive: number, takes: Takes) {
  const all = await entriesOf(path).catch((error: unknown) => {
    if (error instanceof UserError) throw error;
    const message = messageOf(error);
    const reason = reasons.find(([pattern]) => pattern.test(message))?.[1] ?? message;
    throw new UserError(`${path}: not a readable zip archive (${reason})`);
  });
  refuseBombs(path, (await stat(path)).size, all);
  const tally = new Tally();
  const byName = new Map<string, yauzl.Entry>();
  const isOutput = outputsAmong(all.map(({ fileName }) => fileName));
  for (const entry of all) {
    const { fileName: name } = entry;
    if (name.endsWith("/") || isRubbishPath(name)) continue;
    if (isOutput(name)) {
      tally.add(name, { what: "outputs of autodidact" });
      continue;
    }
    if (byName.has(name)) tally.add(name, { what: "with the name of a later entry" });
    byName.set(name, entry);
  }
  const { names, unfit, others } = sortOut([...byName.keys()], (name) => {
    const verdict = takes(name);
    return verdict === true ? (reasonAgainst(byName.get(name)!) ?? true) : verdict;
  });
  const entries = names.map((name): ZipEntry => {
    const entry = byName.get(name)!;
    return {
      name,
      path: name,
      archive,
      crc: entry.crc32,
      offset: entry.relativeOffsetOfLocalHeader,
      compressed: entry.compressedSize,
      size: entry.uncompressedSize,
      method: entry.compressionMethod,
    };
  });
  return { entries, unfit, others: [...others, ...tally.leftOut] };
}

/** Why an entry cannot be unpacked here. */
function reasonAgainst(entry: yauzl.Entry) {
  if (entry.isEncrypted()) return { what: "encrypted", advice: "unpack the archive with its password" };
  const method = entry.compressionMethod;
  if (method === STORED || method === DEFLATED) return undefined;
  const what = `packed with ${methods[method] ?? `method ${method}`}`;
  return { what, advice: "unpack the archive, or pack it with Deflate" };
}

/**
 * Entries that share bytes make an archive of a few kilobytes unpack to petabytes (Fifield, https://www.bamsoftware.com/hacks/zipbomb/).
 * @throws UserError for overlapping entries, and when all together unpack to too much
 */
function refuseBombs(path: string, size: number, all: readonly yauzl.Entry[]): void {
  const sorted = [...all].sort((a, b) => partOf(a).start - partOf(b).start);
  for (const [at, entry] of sorted.entries()) {
    const next = sorted[at + 1];
    if (next && overlap(partOf(entry), partOf(next))) throw overlapping(path, next);
  }
  const unpacked = all.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (isBomb(size, unpacked))
    throw new UserError(
      `${path}: unpacks to ${unpacked} bytes, more than ${RATIO} times its size; if that is meant, unpack it first`,
    );
}

interface Part {
  readonly start: number;
  readonly end: number;
}

/** The bytes of an entry, at least: its header may have more. */
function partOf(entry: yauzl.Entry): Part {
  const start = entry.relativeOffsetOfLocalHeader;
  return { start, end: start + LOCAL_HEADER + entry.fileNameLength + entry.compressedSize };
}

const overlap = (a: Part, b: Part): boolean => a.start < b.end && b.start < a.end;

const overlapping = (path: string, { fileName }: yauzl.Entry): UserError =>
  new UserError(`${path}: entries overlap, such as ${JSON.stringify(fileName)}; refused as a zip bomb`);

/** Reads the entries of archives. */
export function zipEntries({ paths, entries }: ZipManifest) {
  const { take, close } = randomAccess();
  const unpack = async ({ archive, offset, compressed, size, method }: ZipEntry): Promise<Buffer> => {
    const larger = Math.max(size, compressed);
    if (larger > ENTRY_LIMIT) throw new Error(`${larger} bytes, more than ${ENTRY_LIMIT}`);
    if (isBomb(compressed, size))
      throw new Error(`${compressed} bytes unpack to ${size}, more than ${RATIO} times as many`);
    const path = paths[archive]!;
    const header = await take(path, offset, LOCAL_HEADER);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new Error("no entry at the offset that the archive gives");
    const start = offset + LOCAL_HEADER + header.readUInt16LE(26) + header.readUInt16LE(28);
    const raw = await take(path, start, compressed);
    if (method === STORED) return raw;
    // An entry that unpacks to more than it declares is refused before it fills the memory.
    return await inflate(raw, { maxOutputLength: Math.max(1, size) });
  };
  return {
    names: entries.map(({ name }) => name),
    /** @throws BrokenSample when the entry is damaged; UserError when it cannot be read for a reason that may pass */
    async bytes(index: number): Promise<Uint8Array> {
      const entry = entries[index]!;
      try {
        const bytes = await retried(paths[entry.archive]!, () => unpack(entry));
        if (crc32(bytes) !== entry.crc) throw new Error("its checksum is wrong");
        return bytes;
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new BrokenSample(`could not be unpacked (${messageOf(error)})`);
      }
    },
    /** The archives' own checksums are of all bytes. */
    contents: async (): Promise<string> => {
      const hash = createHash("sha256");
      for (const { crc, size } of entries) hash.update(`${crc} ${size}\n`);
      return hash.digest("hex").slice(0, 16);
    },
    close,
  };
}

/** Whether a name is that of a zip archive. */
export const isZipName = (name: string): boolean => /\.zip$/i.test(name);

/** Whether a file begins like a zip archive. */
export async function isZip(path: string): Promise<boolean> {
  if (isZipName(path)) return true;
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.readUInt32LE(0) === LOCAL_SIGNATURE;
  } finally {
    await file.close();
  }
}
