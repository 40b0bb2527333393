import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { digestOfFiles } from "./contents.ts";
import { codeOf, UserError } from "./errors.ts";
import { fileError, makeFolder, prepareFile, replaceFile, writeAtomically, writeParts } from "./files.ts";
import { parseTornJson } from "./json.ts";

/*
 * What a command may write to: the one rule of all commands.
 *
 * A folder is written to when it is missing, empty, or our output of the same kind: a run, an exported model, a report.
 * A file is written when there is none of its name, or when a command of ours has written it and nobody has changed it
 * since. Anything else is the user's, and refused: before long work, and again at the moment of writing.
 *
 * What is ours is noted in the hidden folder `.autodidact`: in a folder of ours its kind, beside a file of ours its
 * digest. The same notes keep our outputs out of the listings of data.
 */

/** Name of the folder with the notes. */
const NOTES = ".autodidact";
const KIND_FILE = "kind.json";

/** Kinds of folders that commands write. */
const kinds = ["run", "model", "report"] as const;
export type OutputKind = (typeof kinds)[number];
const Kind = z.object({ kind: z.enum(kinds) });

/** What tells a folder of ours whose notes were not copied along: a file in it, and keys of its JSON. */
const signs: Readonly<Record<OutputKind, readonly [file: string, ...keys: string[]]>> = {
  run: ["config.json", "version", "data", "encoder", "method", "training"],
  model: ["config.json", "autodidact"],
  report: ["report.json", "version", "basis", "cells"],
};

/** Files that systems leave in folders: a folder with no others is empty. */
const LITTER: readonly string[] = [".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep", "lost+found", NOTES];

const readJson = async (path: string): Promise<unknown> =>
  parseTornJson(
    await readFile(path, "utf8").catch((error: unknown) => {
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error) ?? "")) return "";
      throw fileError(path, "read", error);
    }),
  );

/**
 * The kind of a folder of ours.
 * @param names of what is in it
 */
export async function outputKind(folder: string, names: readonly string[]): Promise<OutputKind | undefined> {
  if (names.includes(NOTES)) {
    const noted = Kind.safeParse(await readJson(join(folder, NOTES, KIND_FILE)));
    if (noted.success) return noted.data.kind;
  }
  for (const kind of kinds) {
    const [file, ...keys] = signs[kind];
    if (!names.includes(file)) continue;
    const json = await readJson(join(folder, file));
    if (typeof json === "object" && json !== null && keys.every((key) => Object.hasOwn(json, key))) return kind;
  }
  return undefined;
}

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(folder, "read", error);
  });

/**
 * @returns whether the folder is noted as ours
 * @throws UserError when it is neither empty nor our output of this kind
 */
export async function refuseForeignFolder(folder: string, kind: OutputKind): Promise<boolean> {
  const names = await namesIn(folder);
  const found = await outputKind(folder, names);
  if (found === kind) return true;
  if (found !== undefined)
    throw new UserError(`${folder}: holds a ${found}, and this command writes a ${kind}; name another folder`);
  const [first] = names.filter((name) => !LITTER.includes(name)).sort();
  if (first !== undefined)
    throw new UserError(`${folder}: not empty, and no ${kind} in it (but ${JSON.stringify(first)}); name a new folder`);
  return false;
}

/**
 * Makes a folder, or takes over an empty one, and notes that it is ours, before anything else is written to it.
 * @throws UserError when it is neither empty nor our output of this kind, or cannot be written
 */
export async function claimFolder(folder: string, kind: OutputKind): Promise<void> {
  await refuseForeignFolder(folder, kind);
  const note = join(folder, NOTES, KIND_FILE);
  if (Kind.safeParse(await readJson(note)).data?.kind === kind) return;
  await makeFolder(folder);
  await makeFolder(dirname(note));
  await writeAtomically(note, [`${JSON.stringify({ kind })}\n`]);
}

/** Digests of the file that was written, and of the one of ours before it, until the new one is in place. */
const Note = z.object({ digests: z.array(z.string()) });

const noteOf = (file: string): string => join(dirname(file), NOTES, "files", `${basename(file)}.json`);

/** The file's digest, if a command of ours wrote it and it is still as it was written. */
async function ownDigest(file: string): Promise<string | undefined> {
  const note = Note.safeParse(await readJson(noteOf(file)));
  if (!note.success) return undefined;
  const digest = await digestOfFiles([file]);
  return note.data.digests.includes(digest) ? digest : undefined;
}

/**
 * @returns the digest of the file of ours that is in this place, if any
 * @throws UserError when there is a file of this name that no command of ours wrote, or that was changed since, or a
 * device or a pipe
 */
async function refuseForeignFile(file: string): Promise<string | undefined> {
  const info = await stat(file).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(file, "written", error);
  });
  if (info === undefined || info.isDirectory()) return undefined;
  // Renaming over a device or a pipe would remove it: /dev/null, for whoever is root.
  if (!info.isFile())
    throw new UserError(`${file}: a device or a pipe, which would be replaced by a file; name a file`);
  const digest = await ownDigest(file);
  if (digest !== undefined) return digest;
  throw new UserError(
    `${file}: exists, and was not written by autodidact or has been changed since: it would be lost; name another file, or remove it`,
  );
}

/**
 * Checks that an output file can be written, before long work; creates its folder.
 * @throws UserError naming the path
 *
 * @example
 * await prepareOutput("look.png");
 */
export async function prepareOutput(file: string): Promise<void> {
  await prepareFile(file);
  await refuseForeignFile(file);
}

/**
 * Writes an output file, atomically, and notes that it is ours.
 * @throws UserError when a file of the user's is in its place, or it cannot be written
 *
 * @example
 * const { png } = await look({ run });
 * await writeOutput("look.png", [png]);
 */
export const writeOutput = (file: string, parts: Iterable<Uint8Array | string>): Promise<void> =>
  replaceOutput(file, (temporary) => writeParts(temporary, parts));

/** The same for a file that `write` writes under a temporary name. */
export async function replaceOutput(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await replaceFile(file, write, async (temporary) => {
    const before = await refuseForeignFile(file);
    const digests = [await digestOfFiles([temporary]), ...(before === undefined ? [] : [before])];
    const note = noteOf(file);
    await makeFolder(dirname(note));
    await writeAtomically(note, [`${JSON.stringify({ digests })}\n`]);
  });
}

/**
 * The names in a folder that are no data, as our commands wrote them.
 * @param names of what is in it
 * @returns `all` when the folder as a whole is ours
 */
export async function outputsIn(folder: string, names: readonly string[]): Promise<ReadonlySet<string> | "all"> {
  if ((await outputKind(folder, names)) !== undefined) return "all";
  if (!names.includes(NOTES)) return new Set();
  const noted = (await namesIn(join(folder, NOTES, "files"))).map((note) => note.replace(/\.json$/, ""));
  const ours = new Set<string>();
  for (const name of noted)
    if (names.includes(name) && (await ownDigest(join(folder, name))) !== undefined) ours.add(name);
  return ours;
}

/**
 * Which names in an archive are outputs of ours, below its top: what lies in a folder of ours, and files that are noted.
 * @param names of everything in it
 */
export function outputsAmong(names: readonly string[]): (name: string) => boolean {
  const all = new Set(names);
  const note = `/${NOTES}/${KIND_FILE}`;
  const checkpoint = "/checkpoints/last.safetensors";
  const files = `${NOTES}/files/`;
  const folders: string[] = [];
  const noted = new Set<string>();
  for (const name of names) {
    const folder = name.slice(0, 1 - checkpoint.length);
    if (name.endsWith(note)) folders.push(name.slice(0, 1 - note.length));
    else if (name.endsWith(checkpoint) && all.has(`${folder}config.json`)) folders.push(folder);
    else if (name.includes(files)) noted.add(name.replace(files, "").replace(/\.json$/, ""));
  }
  return (name) => noted.has(name) || folders.some((folder) => name.startsWith(folder));
}
