import { dirname } from "node:path/posix";
import { type Files, linesOf, withoutComments } from "./files.ts";
import { liesIn } from "./imports.ts";

/** A line of code that speaks of one kind of data: its name as a string, or a member that only one kind has. */
export interface Mention {
  readonly path: string;
  readonly line: number;
  readonly code: string;
}

/**
 * Code, comments aside, that speaks of a kind of data where all are alike.
 * @param kinds names of the kinds, which no string may be
 * @param except places where a kind may be spoken of
 */
export function mentions(files: Files, kinds: readonly string[], except: readonly string[]): Mention[] {
  const telling = new RegExp(`(["'\`])(${kinds.join("|")})\\1|\\.pixels\\b`);
  return [...files]
    .filter(([path]) => !except.some((place) => liesIn(path, place)))
    .flatMap(([path, text]) =>
      withoutComments(text)
        .split("\n")
        .flatMap((code, at) => (telling.test(code) ? [{ path, line: at + 1, code: code.trim() }] : [])),
    );
}

/** Files of more lines. */
export const long = (files: Files, most: number): string[] =>
  [...files]
    .map(([path, text]) => ({ path, lines: text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > most)
    .map(({ path, lines }) => `${path} has ${lines} lines`);

/** Folders of more files, not counted those that a registry in the same folder has a line for: they are found by name. */
export function crowded(files: Files, most: number): string[] {
  const listed = new Set([...files].flatMap(([path, text]) => [...linesOf(path, text).values()]));
  const inFolder = Map.groupBy(
    [...files.keys()].filter((path) => !(listed.has(path) && files.has(`${dirname(path)}/index.ts`))),
    dirname,
  );
  return [...inFolder]
    .filter(([, paths]) => paths.length > most)
    .map(([folder, paths]) => `${folder} has ${paths.length} files; give it sub-rooms`);
}

/** What a file declares: `export const simclr = method({ name: "simclr", …`. */
const DECLARATION = /^export const \w+ = (method|encoder|modality)\(\{\s*name: "([^"]+)"/gm;

/**
 * Methods, encoders and modalities without a line in their registry, and lines without one.
 * @param registries the registry's path by the kind of what it holds
 */
export function unregistered(
  files: Files,
  registries: Readonly<Record<"method" | "encoder" | "modality", string>>,
): string[] {
  const declared = [...files].flatMap(([path, text]) =>
    [...withoutComments(text).matchAll(DECLARATION)].map(([, kind = "", name = ""]) => ({ path, kind, name })),
  );
  return Object.entries(registries).flatMap(([kind, registry]) => {
    const lines = linesOf(registry, files.get(registry) ?? "");
    const own = declared.filter((entry) => entry.kind === kind);
    return [
      ...own
        .filter(({ path, name }) => lines.get(name) !== path)
        .map(({ path, name }) => `${path} declares the ${kind} ${name}, and ${registry} has no line for it`),
      ...[...lines]
        .filter(([name, path]) => !own.some((entry) => entry.path === path && entry.name === name))
        .map(([name, path]) => `${registry}: ${path} declares no ${kind} ${name}`),
    ];
  });
}
