import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import yauzl from "yauzl";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { hasImageName } from "../decode.ts";
import type { Entries } from "./entries.ts";

const inflate = promisify(inflateRaw);

/** Largest unpacked size of an image file. */
const ENTRY_LIMIT = 256 * 2 ** 20;
const LOCAL_HEADER = 30;
const LOCAL_SIGNATURE = 0x04034b50;

interface ZipEntry {
  readonly name: string;
  /** Index of its archive. */
  readonly archive: number;
  readonly crc: number;
  readonly offset: number;
  readonly compressed: number;
  readonly size: number;
  /** 0: stored, 8: deflated. */
  readonly method: number;
}

export interface ZipManifest {
  readonly kind: "zip";
  readonly paths: readonly string[];
  readonly entries: readonly ZipEntry[];
}

/**
 * The image files in archives, sorted. Folders shared by all files of an archive are removed from their names; a file in
 * several archives, with the same name and contents, is listed once.
 * @throws UserError when an archive cannot be read or none holds an image
 */
export async function listZips(paths: readonly string[]): Promise<ZipManifest> {
  const lists = await Promise.all(paths.map(listZip));
  const entries = new Map(lists.flat().map((entry) => [`${entry.name}\n${entry.crc}`, entry]));
  if (entries.size === 0) throw new UserError(`${paths.join(", ")}: no images in this archive (JPEG, PNG, WebP …)`);
  return { kind: "zip", paths, entries: [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

async function listZip(path: string, archive: number): Promise<ZipEntry[]> {
  const found = await new Promise<ZipEntry[]>((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: true }, (error, zip) => {
      if (error || !zip) return reject(error ?? new Error("no archive"));
      const entries: ZipEntry[] = [];
      zip.on("entry", (entry: yauzl.Entry) => {
        const { fileName: name } = entry;
        const hidden = name.startsWith("__MACOSX/") || /(^|\/)\./.test(name);
        if (hasImageName(name) && !hidden && !entry.isEncrypted())
          entries.push({
            name,
            archive,
            crc: entry.crc32,
            offset: entry.relativeOffsetOfLocalHeader,
            compressed: entry.compressedSize,
            size: entry.uncompressedSize,
            method: entry.compressionMethod,
          });
        zip.readEntry();
      });
      zip.on("end", () => resolve(entries));
      zip.on("error", reject);
      zip.readEntry();
    });
  }).catch((error: unknown) => {
    throw new UserError(`${path}: not a readable zip archive (${messageOf(error)})`);
  });
  const shared = sharedFolder(found.map(({ name }) => name));
  return found.map((entry) => ({ ...entry, name: entry.name.slice(shared.length) }));
}

/** The folders that every name begins with. */
function sharedFolder(names: readonly string[]): string {
  const [first = ""] = names;
  const folders = first.split("/").slice(0, -1);
  while (folders.length > 0) {
    const prefix = `${folders.join("/")}/`;
    if (names.every((name) => name.startsWith(prefix))) return prefix;
    folders.pop();
  }
  return "";
}

export function zipEntries({ paths, entries }: ZipManifest): Entries {
  const files = new Map<string, Promise<FileHandle>>();
  const handle = (path: string): Promise<FileHandle> => {
    const file = files.get(path) ?? open(path, "r");
    files.set(path, file);
    return file;
  };
  const take = async (path: string, position: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await (await handle(path)).read(Buffer.alloc(length), 0, length, position);
    if (bytesRead < length) throw new Error("the archive ends early");
    return buffer;
  };
  const unpack = async ({ archive, offset, compressed, size, method }: ZipEntry): Promise<Buffer> => {
    if (size > ENTRY_LIMIT || compressed > ENTRY_LIMIT) throw new Error(`${Math.max(size, compressed)} bytes`);
    const path = paths[archive]!;
    const header = await take(path, offset, LOCAL_HEADER);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new Error("no entry at the offset that the archive gives");
    const start = offset + LOCAL_HEADER + header.readUInt16LE(26) + header.readUInt16LE(28);
    const raw = await take(path, start, compressed);
    if (method === 0) return raw;
    // An entry that unpacks to more than it declares is refused before it fills the memory.
    if (method === 8) return await inflate(raw, { maxOutputLength: Math.max(1, size) });
    throw new Error(`compression method ${method}`);
  };
  return {
    names: entries.map(({ name }) => name),
    async bytes(index) {
      const entry = entries[index]!;
      try {
        const bytes = await unpack(entry);
        if (crc32(bytes) !== entry.crc) throw new Error("its checksum is wrong");
        return bytes;
      } catch (error) {
        throw new BrokenSample(`could not be unpacked (${messageOf(error)})`);
      }
    },
    close: async () => {
      await Promise.all([...files.values()].map(async (file) => (await file).close()));
    },
  };
}

/** Whether the file begins like a zip archive. */
export async function isZip(path: string): Promise<boolean> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.readUInt32LE(0) === LOCAL_SIGNATURE;
  } finally {
    await file.close();
  }
}
