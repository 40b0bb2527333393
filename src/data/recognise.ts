import { stat } from "node:fs/promises";
import { messageOf, UserError } from "../foundation/errors.ts";
import { describeLeftOut } from "./files/left-out.ts";
import { listFiles } from "./files/listing.ts";
import { packing } from "./files/packed.ts";
import { isTar, listTars } from "./files/tars.ts";
import { isZip, listZips } from "./files/zip.ts";
import { modalities } from "./index.ts";
import type { ModalityDefinition, Recognition } from "./modality.ts";
import type { Paths } from "./paths/joined.ts";
import { openPaths } from "./paths/open.ts";
import { pathsIn } from "./paths/paths.ts";
import type { Source } from "./source.ts";

/**
 * The name of the default encoder for the data at a path. Opens them only for kinds in which it depends on them.
 * @throws UserError when they cannot be opened
 *
 * @example
 * console.log(await usualEncoder(await modalityFor("tries/"), "tries/"));
 */
export async function usualEncoder(definition: ModalityDefinition, path: Paths): Promise<string> {
  if (!definition.encoderFor) return definition.defaultEncoder;
  const source = await openPaths(definition, path);
  try {
    return await definition.encoderFor(source);
  } finally {
    await source.close();
  }
}

/**
 * The named kind of data, or the one that recognises the path best; of several paths, the one of all.
 * @param onNote is told when a folder holds data of other kinds, too
 * @throws UserError when none does, with each kind's reason, when two are certain, or when paths are of different kinds
 *
 * @example
 * const definition = await modalityFor("photos/");
 * const source = await definition.open("photos/");
 * console.log(definition.name, source.length);
 * await source.close();
 */
export async function modalityFor(
  paths: Paths,
  name?: string,
  onNote?: (note: string) => void,
): Promise<ModalityDefinition> {
  if (name) return modalities.load(name);
  const found: { path: string; definition: ModalityDefinition }[] = [];
  for (const path of await pathsIn(paths)) found.push({ path, definition: await modalityAt(path, onNote) });
  const [first, ...others] = found;
  if (!first) throw new Error("no path");
  const other = others.find(({ definition }) => definition !== first.definition);
  if (other)
    throw new UserError(
      `${first.path} has ${first.definition.name} data, and ${other.path} ${other.definition.name} data; several paths must be of one kind: leave out those of another, or name the kind that reads all: --modality`,
    );
  return first.definition;
}

/** How sure a kind of data is of paths: of the least sure one. @throws UserError as `recognises` */
export async function recognitionOf(definition: ModalityDefinition, paths: Paths): Promise<Recognition> {
  const levels: Recognition[] = [];
  for (const path of await pathsIn(paths)) levels.push(await definition.recognises(path));
  if (levels.includes(undefined)) return undefined;
  return (["possible", "certain"] as const).find((level) => levels.includes(level)) ?? "proven";
}

/** The kind that recognises one path best. */
async function modalityAt(path: string, onNote?: (note: string) => void): Promise<ModalityDefinition> {
  const all = await modalities.all();
  const reasons: string[] = [];
  const recognitions = await Promise.all(
    all.map(async (definition) => ({
      definition,
      recognition: await definition.recognises(path).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        reasons.push(messageOf(error));
        return undefined;
      }),
    })),
  );
  const at = (level: string) =>
    recognitions.filter(({ recognition }) => recognition === level).map(({ definition }) => definition);
  const possible = at("possible");
  const [chosen, ...others] = [at("proven"), at("certain"), possible].find((found) => found.length > 0) ?? [];
  if (chosen && others.length > 0)
    throw new UserError(`${path}: could be data of several kinds; name one: ${flagsOf([chosen, ...others])}`);
  if (chosen) {
    // What is proven has such files as parts of it.
    const also = at("proven").includes(chosen) ? [] : possible.filter((definition) => definition !== chosen);
    if (also.length > 0 && (await stat(path)).isDirectory())
      onNote?.(`${path}: taken as ${chosen.name} data; to take its other files instead: ${flagsOf(also)}`);
    return chosen;
  }
  if (reasons.length > 0) throw new UserError([...new Set(reasons)].join("; "));
  throw new UserError(`${path}: kind of data not recognised${await contentsOf(path)}; name it: ${flagsOf(all)}`);
}

/** What a folder or an archive has, for messages. */
async function contentsOf(path: string): Promise<string> {
  const { leftOut, isFolder } = await listFiles(path, () => false);
  if (isFolder) return ` (it has ${describeLeftOut(leftOut) || "no files"})`;
  if (await isTar(path))
    return ` (it has ${describeLeftOut((await listTars([path], () => false)).leftOut) || "no files"})`;
  if (!(await isZip(path))) {
    const { size } = await stat(path);
    const reason = size === 0 ? "it is empty" : await packing(path);
    return reason === undefined ? "" : ` (${reason})`;
  }
  return ` (it has ${describeLeftOut((await listZips([path], () => false)).leftOut) || "no files"})`;
}

const flagsOf = (definitions: readonly ModalityDefinition[]): string =>
  `--modality ${definitions.map(({ name }) => name).join(" or ")}`;

/** Says what a source leaves out, and what was done to read it; every command that reads data does. */
export function noteLeftOut(
  { leftOut = [], notes = [] }: Pick<Source<unknown>, "leftOut" | "notes">,
  onNote?: (note: string) => void,
): void {
  for (const note of notes) onNote?.(note);
  if (leftOut.length > 0) onNote?.(`left out: ${describeLeftOut(leftOut)}`);
}
