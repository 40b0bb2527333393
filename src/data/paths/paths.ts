import { existsSync } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, resolve, sep } from "node:path";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { shortened } from "../../foundation/printable.ts";
import { inWords } from "./in-words.ts";
import type { Paths } from "./joined.ts";
import type { Place } from "./place.ts";

/** Most paths that are read as one source: each may keep a file open in each thread. */
const MOST = 256;
/** Largest list of them. */
const LARGEST_LIST = 2 ** 20;

/** What a list of paths is written after: `@photos.txt`. */
const LIST = "@";

/** Whether it names a file with a list of paths: it begins with `@`, and no file is called so. */
const isList = (path: string): boolean => path.startsWith(LIST) && path.length > 1 && !existsSync(path);

/** The paths in a list, a line each, relative to the list's folder. */
async function pathsOfList(file: string): Promise<string[]> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileError(file, "read", error);
  });
  if (bytes.length > LARGEST_LIST)
    throw new UserError(`${file}: too large for a list of paths, a line each (${bytes.length} bytes)`);
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  if (text.includes("\0") || text.includes("\ufffd"))
    throw new UserError(`${file}: no list of paths, which is a text in UTF-8 with a path in each line`);
  const paths: string[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const path = resolve(dirname(file), line.trim());
    await stat(path).catch((error: unknown) => {
      throw fileError(`${file}:${at + 1}: ${path}`, "read", error);
    });
    paths.push(path);
  }
  if (paths.length === 0) throw new UserError(`${file}: a list without a path; write one in each line`);
  return paths;
}

/**
 * The paths of data, with those in lists.
 * @throws UserError when there is none, one is empty or missing, the same path is there twice, one lies in another, or there are
 * more than 256
 *
 * @example
 * await pathsIn(["photos/", "@more.txt"]); // ["photos/", "/data/2023", "/data/2024.zip"]
 */
export async function pathsIn(paths: Paths): Promise<readonly string[]> {
  const given = typeof paths === "string" ? [paths] : paths;
  const all: string[] = [];
  for (const path of given) {
    if (path.trim() === "") throw new UserError("a path of data is empty; name a folder, an archive or a file");
    if (isList(path)) all.push(...(await pathsOfList(path.slice(LIST.length))));
    else all.push(path);
  }
  if (all.length === 0) throw new UserError("no path of data is given; name a folder, an archive or a file");
  if (all.length > MOST)
    throw new UserError(
      `${inWords(all)}: ${all.length.toLocaleString("en")} paths, and ${MOST} at most are read as one; name the folders that they lie in`,
    );
  if (all.length > 1) await refuseSame(all);
  return all;
}

/** @throws UserError when two paths are the same, or one lies in another: its entries would be there twice */
async function refuseSame(paths: readonly string[]): Promise<void> {
  const byPlace = new Map<string, string>();
  for (const path of paths) {
    const place = await realpath(path).catch((error: unknown) => {
      throw fileError(path, "read", error);
    });
    const same = byPlace.get(place);
    if (same !== undefined)
      throw new UserError(
        `${shortened(path, 200)}: named twice${same === path ? "" : `, as ${shortened(same, 200)} too`}; leave out one of them`,
      );
    byPlace.set(place, path);
  }
  for (const [place, path] of byPlace)
    for (let above = dirname(place); above !== dirname(above); above = dirname(above)) {
      const outer = byPlace.get(above);
      if (outer !== undefined)
        throw new UserError(
          `${shortened(path, 200)}: lies in ${shortened(outer, 200)}, which is named too; leave out one of them`,
        );
    }
}

/** What entries of several paths are called: the last parts of a path, as few as tell it from the others. */
export async function placesOf(paths: readonly string[]): Promise<readonly Place[]> {
  const parts = paths.map((path) => resolve(path).split(sep));
  const counts = parts.map(() => 1);
  const nameOf = (at: number) => parts[at]!.slice(-counts[at]!).join("/");
  for (let isClear = false; !isClear; ) {
    isClear = true;
    const names = parts.map((_, at) => nameOf(at));
    for (const [at, name] of names.entries()) {
      const isShared = names.some((other, one) => one !== at && (other === name || other.startsWith(`${name}/`)));
      if (!isShared || counts[at]! >= parts[at]!.length) continue;
      counts[at]!++;
      isClear = false;
    }
  }
  return Promise.all(
    paths.map(async (path, at) => {
      const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
      return { name: nameOf(at), ...(isFile ? { file: basename(path) } : {}) };
    }),
  );
}

/** The paths, absolute and with those in lists, as a run keeps them. @throws UserError as `pathsIn` */
export async function absolutePaths(paths: Paths): Promise<string | string[]> {
  const all = (await pathsIn(paths)).map((path) => resolve(path));
  const [only = ""] = all;
  return all.length === 1 ? only : all;
}
