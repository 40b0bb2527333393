import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { shortened } from "../../foundation/printable.ts";
import type { Reason } from "./left-out.ts";
import { BLOCK, continues, headerIn, isHeader, isZero, recordsIn, type TarHeader } from "./tar-header.ts";

/** A file in an archive. */
export interface TarMember {
  /** With `/` between folders, as the archive has it but for `./` before it. */
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** What an archive has beside its files. */
export interface TarIndex {
  readonly members: readonly TarMember[];
  readonly others: readonly { readonly name: string; readonly reason: Reason }[];
}

/** Bytes read at a time: of small files several headers. */
const BUFFER = 1 << 16;
/** Longest name, and longest records, that are believed. */
const LONGEST = 1 << 20;
/** What may fill the end of an archive: records of so many bytes. */
const FILLING = 1 << 16;

const LINK = { what: "links in archives", advice: "pack the files themselves: tar -h" };
const DEVICE = { what: "pipes, sockets or devices" };
const SPARSE = { what: "sparse files in archives", advice: "pack them without tar's -S" };
const OUTSIDE = { what: "with a path that leads out of the archive" };
const UNKNOWN = { what: "entries of an unknown kind" };
const LATER = {
  what: "archives behind the end of another",
  advice: "what was joined with cat is read to its first end; name the archives one by one",
};

/** A file's bytes by position, read in larger parts. */
function windowOn(path: string, handle: number, size: number) {
  const buffer = Buffer.allocUnsafe(BUFFER);
  let [start, end] = [0, 0];
  const direct = (position: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    let done = 0;
    for (let count = -1; done < length && count !== 0; done += count)
      count = readSync(handle, bytes, done, length - done, position + done);
    return bytes.subarray(0, done);
  };
  return {
    /** So many bytes, or fewer at the end of the file. @throws UserError when it cannot be read */
    at(position: number, length: number): Buffer {
      const wanted = Math.max(0, Math.min(length, size - position));
      try {
        if (wanted > BUFFER) return direct(position, wanted);
        if (position < start || position + wanted > end) {
          start = position;
          end = position + readSync(handle, buffer, 0, BUFFER, position);
        }
        return buffer.subarray(position - start, Math.min(end, position + wanted) - start);
      } catch (error) {
        throw fileError(path, "read", error);
      }
    },
  };
}

const filled = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** The parts of a name, or undefined where they lead out of the archive. */
function cleaned(name: string): string | undefined {
  const parts = name.replaceAll("\\", "/").split("/");
  if (name.startsWith("/") || parts.includes("..") || /^[a-z]:/i.test(name)) return undefined;
  return parts.filter((part) => part !== "" && part !== ".").join("/") || undefined;
}

/**
 * The files in a tar archive, by its headers alone. None of their lengths is believed that leads out of the archive; where it is
 * cut off or damaged, what is before that place is listed, and the rest is said to be missing.
 * @param shown what the archive is called in messages
 * @throws UserError when it cannot be read, or does not begin as an archive does
 */
export function indexOfTar(path: string, shown = path): TarIndex {
  let handle: number;
  try {
    handle = openSync(path, "r");
  } catch (error) {
    throw fileError(path, "read", error);
  }
  try {
    return read(path, handle, shown);
  } finally {
    closeSync(handle);
  }
}

/** What earlier headers say of the next entry. */
interface Told {
  name?: string | undefined;
  size?: number | undefined;
  isSparse?: boolean;
}

function read(path: string, handle: number, shown: string): TarIndex {
  const { size } = fstatSync(handle);
  const window = windowOn(path, handle, size);
  const members: TarMember[] = [];
  const others: { name: string; reason: Reason }[] = [];
  let next: Told = {};
  let position = 0;
  const cutOff = (why: string) => {
    const advice = `${shown}: ${why} at byte ${position}; copy or download it again`;
    others.push({ name: shown, reason: { what: "damaged ends of archives", advice } });
  };
  const damaged = (why: string): TarIndex => {
    if (position === 0) throw new UserError(`${shown}: not a readable tar archive (${why})`);
    cutOff(why);
    return { members, others };
  };
  while (position < size) {
    const block = window.at(position, BLOCK);
    if (block.length < BLOCK) return damaged("it ends within a header");
    if (isZero(block)) {
      if (position === 0 && members.length === 0 && !isFilling(window, 0, size)) return damaged("it begins with zeros");
      if (!isFilling(window, position, size)) others.push({ name: shown, reason: LATER });
      return { members, others };
    }
    if (!isHeader(block)) return damaged("no header");
    let header: TarHeader;
    try {
      header = headerIn(block);
    } catch (error) {
      return damaged(messageOf(error));
    }
    const { kind } = header;
    let start = position + BLOCK;
    if (header.isContinued)
      for (let more = true; more; start += BLOCK) {
        const map = window.at(start, BLOCK);
        if (map.length < BLOCK) return damaged("the map of a sparse file is cut off");
        more = continues(map);
      }
    const isAbout = kind === "name" || kind === "target" || kind === "records" || kind === "all records";
    const length = isAbout ? header.size : (next.size ?? header.size);
    if (isAbout) {
      if (length > LONGEST || start + length > size) return damaged("what it says of an entry is too long");
      const bytes = Buffer.from(window.at(start, length));
      try {
        const told = toldBy(kind, bytes);
        // Records about all entries have times and owners; a name or a size of all would be nonsense.
        if (kind !== "all records") next = { ...next, ...told };
      } catch (error) {
        return damaged(messageOf(error));
      }
    } else {
      const name = next.name ?? header.name;
      const isSparse = kind === "sparse" || next.isSparse === true;
      const inside = cleaned(name);
      if (kind === "link") others.push({ name, reason: LINK });
      else if (kind === "device") others.push({ name, reason: DEVICE });
      else if (kind === "other") others.push({ name, reason: UNKNOWN });
      else if (isSparse) others.push({ name, reason: SPARSE });
      else if (kind === "file" && inside === undefined) others.push({ name, reason: OUTSIDE });
      // One that is cut off is listed: it is broken when it is read, and named then.
      else if (kind === "file") members.push({ name: inside!, offset: start, size: length });
      next = {};
      // Said here, too: what is cut off may be of a kind that is left out, and nobody would hear of what is missing.
      if (start + length > size) {
        cutOff(`it ends within ${shortened(name, 100)}, whose header is`);
        return { members, others };
      }
    }
    position = start + filled(length);
  }
  // Some writers leave the blocks of zeros out, and what fills the last block.
  return { members, others };
}

/** What a header before an entry says of it. @throws Error when it is damaged */
function toldBy(kind: TarHeader["kind"], bytes: Buffer): Told {
  if (kind === "target") return {};
  if (kind === "name") return { name: bytes.toString("utf8").replace(/\0[\s\S]*$/, "") };
  const records = recordsIn(bytes);
  const [name, size] = [records.get("path"), records.get("size")];
  if (size !== undefined && !(/^\d{1,15}$/.test(size) && Number.isSafeInteger(Number(size))))
    throw new Error("the size of an entry is no number");
  return {
    ...(name === undefined ? {} : { name }),
    ...(size === undefined ? {} : { size: Number(size) }),
    ...([...records.keys()].some((key) => key.startsWith("GNU.sparse")) ? { isSparse: true } : {}),
  };
}

/** Whether nothing but zeros follows, as far as is looked. */
function isFilling(window: { at(position: number, length: number): Buffer }, from: number, size: number): boolean {
  return isZero(window.at(from, Math.min(FILLING, size - from)));
}
