import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";

/** Sources by their path in src/: the walls look at texts alone, so that they can be shown to fall on a few lines. */
export type Files = ReadonlyMap<string, string>;

const src = fileURLToPath(new URL("../../../src/", import.meta.url));

/** What is in src/. */
export async function sources(): Promise<Files> {
  const names = (await readdir(src, { recursive: true })).map((name) => name.replaceAll("\\", "/"));
  const files = names.filter((name) => name.endsWith(".ts")).sort();
  return new Map(
    await Promise.all(files.map(async (name) => [name, await readFile(join(src, name), "utf8")] as const)),
  );
}

export interface Import {
  /** A path in src/, or a package. */
  readonly target: string;
  /** `import type`, `export type … from`: gone once the types are stripped. */
  readonly isType: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\("([^"]+)"\)/g;

const resolve = (from: string, target: string) =>
  target.startsWith(".") ? normalize(join(dirname(from), target)) : target;

/** The static imports of a file, and what it exports of others. */
export const importsOf = (path: string, text: string): Import[] =>
  [...withoutComments(text).matchAll(STATIC)].map(([, type, target = ""]) => ({
    target: resolve(path, target),
    isType: type !== undefined,
  }));

/** What a file imports when it is asked to. */
export const dynamicImportsOf = (path: string, text: string): string[] =>
  [...withoutComments(text).matchAll(DYNAMIC)].map(([, target = ""]) => resolve(path, target));

/** A registry's lines: `simclr: () => import("../../../src/methods/simclr.ts")`, the file by the name. */
export const linesOf = (path: string, text: string): Map<string, string> =>
  new Map(
    [...withoutComments(text).matchAll(/^\s*"?([\w-]+)"?: \(\) => import\("([^"]+)"\)/gm)].map(
      ([, name = "", target = ""]) => [name, resolve(path, target)],
    ),
  );

/** The code, its strings and its line ends; a string is left alone whatever is in it. */
export const withoutComments = (text: string): string =>
  text.replaceAll(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (comment, string: string | undefined) => string ?? comment.replaceAll(/[^\n]/g, ""),
  );
