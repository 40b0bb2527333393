import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { dirname } from "node:path/posix";
import { pipeline } from "node:stream/promises";
import { digestOfFiles } from "../../foundation/contents.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { outputsAmong } from "../../foundation/outputs.ts";
import { retried } from "../../foundation/retry.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { bytesOf, isGzip } from "./gunzip.ts";
import { type LeftOut, Tally } from "./left-out.ts";
import { sortOut, type Takes } from "./listing.ts";
import { randomAccess } from "./random-access.ts";
import { isRubbishPath } from "./rubbish.ts";
import { sharedFolder, withShortNames } from "./short-names.ts";
import { indexOfTar, type TarIndex, type TarMember } from "./tar.ts";
import { isHeader } from "./tar-header.ts";
import { ENTRY_LIMIT } from "./zip.ts";

interface TarEntry extends TarMember {
  /** Index of its archive. */
  readonly archive: number;
}

export interface TarManifest {
  readonly kind: "tar";
  /** The archives, and where each is read: a packed one as it was unpacked. */
  readonly paths: readonly string[];
  readonly places: readonly string[];
  readonly entries: readonly TarEntry[];
}

export interface TarListing {
  readonly manifest: TarManifest;
  readonly leftOut: readonly LeftOut[];
  readonly unfit: readonly LeftOut[];
  /** The label of each entry: in a file of its name, `x.cls` or `x.json`, or else its folder; undefined if there are none. */
  labels(field?: string): Promise<readonly (string | undefined)[] | undefined>;
}

const TAR_NAME = /\.(tar|tar\.gz|tgz)$/i;

/** Whether a name is that of a tar archive, packed with gzip or not. */
export const isTarName = (name: string): boolean => TAR_NAME.test(name);

/** Whether a file is called like a tar archive, or begins as one. */
export async function isTar(path: string): Promise<boolean> {
  if (isTarName(path)) return true;
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return bytesRead === 512 && buffer.toString("latin1", 257, 262) === "ustar" && isHeader(buffer);
  } finally {
    await file.close();
  }
}

/** Archives that were looked at, by their path, size and time: kinds of data look at one in turn, and share what was found. */
const known = new Map<string, Promise<{ readonly place: string; readonly index: TarIndex }>>();

/**
 * An archive's index, and where it is read. One that is packed with gzip can only be read from its beginning: it is unpacked once,
 * into a temporary file of this process, under the rules of other packed files.
 */
async function opened(path: string) {
  const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const key = `${size} ${mtimeMs} ${path}`;
  const existing = known.get(key);
  if (existing) return existing;
  const found = (async () => {
    if (!(await isGzip(path))) return { place: path, index: indexOfTar(path) };
    const folder = temporaryFolder();
    try {
      const place = join(folder.path, "archive.tar");
      await unpack(path, place);
      return { place, index: indexOfTar(place, path) };
    } catch (error) {
      folder.remove();
      throw error;
    }
  })();
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
}

async function unpack(path: string, place: string): Promise<void> {
  try {
    await pipeline(bytesOf(path, true), createWriteStream(place));
  } catch (error) {
    throw error instanceof UserError ? error : fileError(place, "written", error);
  }
}

/**
 * The files that a kind of data takes in tar archives, sorted; of entries of one name in an archive the last, as when it is
 * unpacked. Their names are those of zip archives: see `listZips`.
 * @throws UserError when an archive cannot be read
 */
export async function listTars(paths: readonly string[], takes: Takes): Promise<TarListing> {
  const [leftOut, unfit] = [new Tally(), new Tally()];
  const places: string[] = [];
  const listed: (TarEntry & { readonly path: string; readonly crc: number })[] = [];
  const beside = paths.map(() => new Map<string, TarMember>());
  for (const [archive, path] of paths.entries()) {
    const { place, index } = await opened(path);
    places.push(place);
    for (const { name, reason } of index.others) leftOut.add(name, reason);
    const isOutput = outputsAmong(index.members.map(({ name }) => name));
    const byName = new Map<string, TarMember>();
    for (const member of index.members) {
      const { name } = member;
      if (isRubbishPath(name)) continue;
      if (isOutput(name)) leftOut.add(name, { what: "outputs of autodidact" });
      else {
        if (byName.has(name)) leftOut.add(name, { what: "with the name of a later entry" });
        byName.set(name, member);
      }
    }
    const sorted = sortOut([...byName.keys()], takes);
    const keys = new Set(sorted.names.map(keyOf));
    for (const [name, member] of byName) {
      const [, key = "", ending = ""] = LABELS.exec(name) ?? [];
      if (keys.has(key)) beside[archive]!.set(`${key}.${ending.toLowerCase()}`, member);
    }
    unfit.addAll(sorted.unfit);
    leftOut.addAll([...sorted.unfit, ...sorted.others.filter(({ what }) => what !== ".cls" || keys.size === 0)]);
    // A number of its own for each: of tar archives there are no sums that tell the same file from another.
    for (const name of sorted.names) listed.push({ ...byName.get(name)!, path: name, archive, crc: listed.length });
  }
  const named = withShortNames(paths, listed).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const manifest: TarManifest = {
    ...{ kind: "tar", paths, places },
    entries: named.map(({ name, offset, size, archive }) => ({ name, offset, size, archive })),
  };
  return {
    manifest,
    leftOut: leftOut.leftOut,
    unfit: unfit.leftOut,
    labels: (field) =>
      labelsBeside(
        manifest,
        named.map(({ path, archive }) => ({ path, archive })),
        beside,
        field,
      ),
  };
}

/** Files with labels beside others: WebDataset's. */
const LABELS = /^((?:.*\/)?[^/.]+)\.(cls|json)$/i;

/** What files of one sample have in common: their path up to the first dot of the name. */
const keyOf = (name: string): string => {
  const start = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", start);
  return dot < 0 ? name : name.slice(0, dot);
};

/** Fields of a record that are labels, where none is named. */
const FIELDS = ["label", "cls", "class"];
/** Largest file with a label. */
const LARGEST = 1 << 20;

async function labelsBeside(
  { places }: TarManifest,
  entries: readonly { readonly path: string; readonly archive: number }[],
  beside: readonly ReadonlyMap<string, TarMember>[],
  field: string | undefined,
): Promise<readonly (string | undefined)[] | undefined> {
  const access = randomAccess();
  const textOf = async (archive: number, member: TarMember | undefined): Promise<string | undefined> => {
    if (!member || member.size > LARGEST) return undefined;
    const path = places[archive]!;
    const bytes = await retried(path, () => access.take(path, member.offset, member.size)).catch((error: unknown) => {
      if (error instanceof UserError) throw error;
      return undefined;
    });
    return bytes?.toString("utf8").trim();
  };
  try {
    const labels: (string | undefined)[] = [];
    for (const { path, archive } of entries) {
      const files = beside[archive]!;
      const key = keyOf(path);
      const given = field === undefined ? await textOf(archive, files.get(`${key}.cls`)) : undefined;
      labels.push(given || labelIn(await textOf(archive, files.get(`${key}.json`)), field));
    }
    if (labels.some((label) => label !== undefined)) return labels;
    if (field !== undefined) throw new UserError(`${places[0]}: no .json beside a file has the field "${field}"`);
  } finally {
    await access.close();
  }
  // As of folders: every file is in one, and there are at least two.
  const shared = sharedFolder(entries.map(({ path }) => path)).length;
  const folders = entries.map(({ path }) => (path.includes("/", shared) ? dirname(path.slice(shared)) : undefined));
  return folders.includes(undefined) || new Set(folders).size < 2 ? undefined : folders;
}

/** The label in a record: a text, or a number. */
function labelIn(text: string | undefined, field: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== "object" || record === null) return undefined;
  const values: unknown[] = (field === undefined ? FIELDS : [field]).map((name) => Reflect.get(record, name));
  const found = values.find((value) => ["string", "number", "boolean"].includes(typeof value));
  return found === undefined ? undefined : String(found).trim() || undefined;
}

/** Reads the entries of archives. */
export function tarEntries({ paths, places, entries }: TarManifest) {
  const { take, close } = randomAccess();
  return {
    names: entries.map(({ name }) => name),
    /** @throws BrokenSample when the archive ends before it; UserError when it cannot be read for a reason that may pass */
    async bytes(index: number): Promise<Uint8Array> {
      const { archive, offset, size } = entries[index]!;
      try {
        if (size > ENTRY_LIMIT) throw new Error(`${size} bytes, more than ${ENTRY_LIMIT}`);
        return await retried(paths[archive]!, () => take(places[archive]!, offset, size));
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new BrokenSample(`could not be read (${messageOf(error)})`);
      }
    },
    /** Of the archives as they are, and of what is read in them. */
    contents: async (): Promise<string> => {
      const hash = createHash("sha256").update(await digestOfFiles(paths));
      for (const { archive, offset, size } of entries) hash.update(`${archive} ${offset} ${size}\n`);
      return hash.digest("hex").slice(0, 16);
    },
    close,
  };
}
