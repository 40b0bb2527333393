import { createHash } from "node:crypto";
import { open, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { makeFolder, replaceFile } from "../../foundation/files.ts";

/** A file as the Hub lists it. */
export interface HubFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Of a large file SHA-256, of others git's SHA-1 of a blob: what the cache names it by. */
  readonly digest: string;
}

/** Git's digest begins with what the file is and how long. */
function hashOf({ digest, size }: HubFile) {
  if (digest.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${size}\0`);
}

/**
 * Writes a file's bytes, and puts it in place when it has the size and the digest that the Hub lists; else nothing is left.
 * @param onBytes receives how many have arrived
 * @throws UserError when the bytes are not the file's, or cannot be written
 */
export async function store(
  file: HubFile,
  to: string,
  bytes: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): Promise<void> {
  await makeFolder(dirname(to));
  await replaceFile(to, async (temporary) => {
    const hash = hashOf(file);
    const handle = await open(temporary, "wx");
    let arrived = 0;
    const wrong = (what: string) =>
      new UserError(`${file.path}: the download ${what}; nothing of it was kept; try again`);
    try {
      for await (const part of bytes) {
        arrived += part.length;
        if (arrived > file.size) throw wrong(`has more than the ${file.size} bytes that the Hub lists`);
        hash.update(part);
        await handle.writeFile(part);
        onBytes(arrived);
      }
      if (arrived < file.size) throw wrong(`ended after ${arrived} of ${file.size} bytes`);
      if (hash.digest("hex") !== file.digest) throw wrong("has another content than the Hub lists");
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** @throws UserError when a disk has no room for that many bytes */
export async function refuseFull(folder: string, bytes: number): Promise<void> {
  await makeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes > free)
    throw new UserError(
      `${folder}: no room for ${megabytes(bytes)}; ${megabytes(free)} are free (another place: HF_HOME=/path)`,
    );
}

/** `88.2 MB` */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
