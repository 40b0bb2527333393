import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { digestOfFiles } from "../../foundation/contents.ts";
import { filesBelow } from "../files/listing.ts";
import { labelsFromTable } from "../labels.ts";
import type { OpenOptions, Source } from "../source.ts";
import { joined, type Paths } from "./joined.ts";
import { pathsIn, placesOf } from "./paths.ts";
import { nameAt } from "./place.ts";

/** Digest of the entries' contents, in order: see `digestOfFiles` for what it promises. @param path of the data */
async function contentsAt(source: Source<unknown>, path: string): Promise<string> {
  if (source.contents) return await source.contents();
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  return digestOfFiles(isFolder ? (await filesBelow(path)).names.map((name) => join(path, name)) : [path]);
}

/** Digest of the entries' contents, in order: see `digestOfFiles` for what it promises. @param paths of the data */
export async function contentsOf(source: Source<unknown>, paths: Paths): Promise<string> {
  if (source.contents) return await source.contents();
  const all = await pathsIn(paths);
  const sources = source.sources ?? [source];
  return digestOfAll(sources, all);
}

async function digestOfAll(sources: readonly Source<unknown>[], paths: readonly string[]): Promise<string> {
  const digests: string[] = [];
  for (const [at, source] of sources.entries()) digests.push(await contentsAt(source, paths[at]!));
  if (digests.length === 1) return digests[0]!;
  return createHash("sha256").update(digests.join("\n")).digest("hex").slice(0, 16);
}

/**
 * Opens data: at one path as the kind of data does, at several as one source. The entries of several have the end of their path
 * before their names; a table of labels names them so, and classes of one name are one.
 * @throws UserError when the data at a path cannot be read, and as `pathsIn`
 *
 * @example
 * const paths = ["2023/", "more.zip"];
 * const source = await openPaths(await modalityFor(paths), paths);
 * console.log(source.name(0)); // 2023/cats/1.jpg
 */
export async function openPaths<Sample>(
  definition: { open(path: string, options?: OpenOptions): Promise<Source<Sample>> },
  paths: Paths,
  options: OpenOptions = {},
): Promise<Source<Sample>> {
  const all = await pathsIn(paths);
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return definition.open(all[0] ?? "", options);
  const { labels: table, ...own } = options;
  const places = await placesOf(all);
  const sources: Source<Sample>[] = [];
  try {
    for (const path of all)
      sources.push(await definition.open(path, { ...own, ...(table === undefined ? {} : { except: table }) }));
    const names = () =>
      sources.flatMap((source, at) =>
        Array.from({ length: source.length }, (_, index) => nameAt(places[at]!, source.name(index))),
      );
    const labels = table === undefined ? undefined : await labelsFromTable(table, names());
    const wholes = sources.map(({ length }) => length);
    return joined(sources, { places, wholes, labels, contents: () => digestOfAll(sources, all) });
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
}
