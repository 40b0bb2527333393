import { readdir } from "node:fs/promises";
import { basename, join, posix, relative, resolve } from "node:path";
import type { FilesManifest } from "../../../data/files/collection.ts";
import { type LeftOut, Tally } from "../../../data/files/left-out.ts";
import { listZips, type ZipManifest } from "../../../data/files/zip.ts";
import { finderOf } from "../../../data/names.ts";
import { fileError, isFile } from "../../../foundation/files.ts";
import { wantedImages } from "../../../pixels/decode/formats.ts";

/** Images that are named somewhere, where they are found. */
export interface Located {
  readonly files: FilesManifest;
  /** Position among the given names of each file. */
  readonly kept: readonly number[];
  readonly leftOut: readonly LeftOut[];
}

/** Files looked for at a time. */
const AT_ONCE = 64;

const MISSING = { what: "images that are not there", advice: "paths are relative to the table's folder" };

/** Those of the names that are of files in a folder or, by `..` or an absolute path, elsewhere. */
async function inFolder(root: string, names: readonly string[]): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let start = 0; start < names.length; start += AT_ONCE)
    await Promise.all(
      names.slice(start, start + AT_ONCE).map(async (name, at) => {
        const slashed = name.replaceAll("\\", "/");
        // macOS decomposes names: é is e and an accent.
        for (const one of new Set([name, slashed, slashed.normalize("NFC"), slashed.normalize("NFD")]))
          if (await isFile(resolve(root, one))) return found.set(start + at, relative(root, resolve(root, one)));
      }),
    );
  return found;
}

/** The archives that lie in a folder. @throws UserError when it cannot be read */
async function archivesIn(root: string): Promise<string[]> {
  const names = await readdir(root).catch((error: unknown) => {
    throw fileError(root, "read", error);
  });
  return names
    .filter((name) => /\.zip$/i.test(name))
    .sort()
    .map((name) => join(root, name));
}

/** Those of the names that are of entries of archives, by the archive's own paths or those in a folder of its name. */
function inArchives({ paths, entries }: ZipManifest, names: readonly string[]): Map<number, number> {
  const finders = [
    finderOf(entries.map(({ path }) => path)),
    finderOf(entries.map(({ path, archive }) => `${basename(paths[archive]!).replace(/\.zip$/i, "")}/${path}`)),
  ];
  return new Map(
    names.flatMap((name, at) => {
      const path = posix.normalize(name.replaceAll("\\", "/"));
      const entry = finders.map((find) => find(path)).find((position) => position !== undefined);
      return entry === undefined ? [] : [[at, entry] as const];
    }),
  );
}

/**
 * Finds images by name: as files below a folder or, where there is none of them, in the zip archives that lie in it.
 * @param root the folder that the names are relative to
 * @throws UserError when an archive cannot be read
 */
export async function locateImages(root: string, names: readonly string[]): Promise<Located> {
  const tally = new Tally();
  const fit = names.flatMap((name, at) => {
    const verdict = wantedImages.takes(name);
    if (verdict === true) return [at];
    tally.add(name, verdict === false ? { what: "paths of other files than images" } : verdict);
    return [];
  });
  const wanted = fit.map((at) => names[at]!);
  const count = (found: ReadonlyMap<number, unknown>) => {
    wanted.forEach((name, at) => {
      if (!found.has(at)) tally.add(name, MISSING);
    });
    const places = [...found.keys()].sort((a, b) => a - b);
    return { places, kept: places.map((at) => fit[at]!), leftOut: tally.leftOut };
  };
  const files = await inFolder(root, wanted);
  const archives = files.size > 0 ? [] : await archivesIn(root);
  if (archives.length === 0) {
    const { places, ...located } = count(files);
    return { files: { kind: "folder", root, names: places.map((at) => files.get(at)!) }, ...located };
  }
  const { manifest } = await listZips(archives, wantedImages.takes);
  const found = inArchives(manifest, wanted);
  const { places, ...located } = count(found);
  return { files: { ...manifest, entries: places.map((at) => manifest.entries[found.get(at)!]!) }, ...located };
}
