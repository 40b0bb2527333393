import { writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { BrokenSample } from "../../foundation/errors.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { type FilesManifest, filesOf } from "./collection.ts";

/** A file of an archive. */
export interface UnpackedFile {
  /** In its archive, with `/` between folders. */
  readonly name: string;
  /** Where it can be read, or why it cannot. */
  readonly path: string | BrokenSample;
}

/** Files of archives, which lie in a temporary folder until the end of `using`. */
export interface UnpackedFiles extends Disposable {
  readonly files: readonly UnpackedFile[];
}

/**
 * Unpacks files of archives, for what is read from the disk and not from memory. Their endings stay: `.csv`, `.csv.gz`.
 * @param most unpacks no more than so many
 */
export async function unpacked(manifest: FilesManifest, most = Number.POSITIVE_INFINITY): Promise<UnpackedFiles> {
  const archive = filesOf(manifest);
  const folder = temporaryFolder();
  try {
    const files: UnpackedFile[] = [];
    for (const [index, name] of archive.names.slice(0, most).entries()) {
      const ending = /\.gz$/i.test(name) ? `${extname(name.slice(0, -3))}.gz` : extname(name);
      // By number: names in archives may be anything.
      const target = join(folder.path, `${index}${ending}`);
      const bytes = await archive.bytes(index).catch((error: unknown) => {
        if (error instanceof BrokenSample) return error;
        throw error;
      });
      if (!(bytes instanceof BrokenSample)) await writeFile(target, bytes);
      files.push({ name, path: bytes instanceof BrokenSample ? bytes : target });
    }
    return { files, [Symbol.dispose]: folder.remove };
  } catch (error) {
    folder.remove();
    throw error;
  } finally {
    await archive.close();
  }
}
