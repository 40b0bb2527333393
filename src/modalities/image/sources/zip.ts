import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import yauzl from "yauzl";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { hasImageName } from "../decode.ts";
import type { Entries } from "./entries.ts";

const inflate = promisify(inflateRaw);

/** A picture that claims to be larger than this when unpacked is no picture. */
const ENTRY_LIMIT = 256 * 2 ** 20;
const LOCAL_HEADER = 30;

interface ZipEntry {
  readonly name: string;
  readonly offset: number;
  readonly compressed: number;
  readonly size: number;
  /** 0: stored, 8: deflated. */
  readonly method: number;
}

export interface ZipManifest {
  readonly kind: "zip";
  readonly path: string;
  readonly entries: readonly ZipEntry[];
}

/** The image files in an archive, sorted; folders that all of them share are left out of their names. */
export async function listZip(path: string): Promise<ZipManifest> {
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
  if (found.length === 0) throw new UserError(`${path}: no images in this archive (JPEG, PNG, WebP …)`);
  const shared = sharedFolder(found.map(({ name }) => name));
  const entries = found
    .map((entry) => ({ ...entry, name: entry.name.slice(shared.length) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { kind: "zip", path, entries };
}

/** The longest run of whole folders that every name begins with. */
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

export function zipEntries({ path, entries }: ZipManifest): Entries {
  let file: Promise<FileHandle> | undefined;
  const handle = () => {
    file ??= open(path, "r");
    return file;
  };
  const take = async (position: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await (await handle()).read(Buffer.alloc(length), 0, length, position);
    if (bytesRead < length) throw new Error("the archive ends early");
    return buffer;
  };
  return {
    names: entries.map(({ name }) => name),
    async bytes(index) {
      const { offset, compressed, size, method } = entries[index]!;
      try {
        if (size > ENTRY_LIMIT || compressed > ENTRY_LIMIT) throw new Error(`${size} bytes unpacked`);
        const header = await take(offset, LOCAL_HEADER);
        if (header.readUInt32LE(0) !== 0x04034b50) throw new Error("no entry where the archive says");
        const start = offset + LOCAL_HEADER + header.readUInt16LE(26) + header.readUInt16LE(28);
        const raw = await take(start, compressed);
        if (method === 0) return raw;
        if (method === 8) return await inflate(raw, { maxOutputLength: ENTRY_LIMIT });
        throw new Error(`compression method ${method}`);
      } catch (error) {
        throw new BrokenSample(`could not be unpacked (${messageOf(error)})`);
      }
    },
    close: async () => {
      await (await file)?.close();
    },
  };
}
