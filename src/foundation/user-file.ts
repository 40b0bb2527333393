import { messageOf, UserError } from "./errors.ts";

/*
 * Code files that a user names by path: a method, an encoder, a kind of data. Node's modules are looked up when needed
 * instead of imported, since a browser has none.
 */

/** Whether a name is a path: `./my-method.ts`, not `simclr`. */
export const isPath = (name: string): boolean => /[/\\.]/.test(name);

/** Whether a file exists; false in a browser. */
export const fileExists = (path: string): boolean =>
  globalThis.process?.getBuiltinModule?.("node:fs").existsSync(path) ?? false;

/** The absolute path; unchanged in a browser. */
export const absolutePath = (path: string): string =>
  globalThis.process?.getBuiltinModule?.("node:path").resolve(path) ?? path;

/** Files whose code the user asked for in this process, by their absolute paths; and whether any file's code may run. */
const trusted = { paths: new Set<string>(), all: false };

/**
 * Allows the code of methods, encoders and kinds of data that a run folder names by a file's path to run. Without it such a
 * run is refused, unless the user has named the same file in this process.
 *
 * @example
 * trustCode();
 * const run = await openRun("runs/with-my-method");
 */
export function trustCode(): void {
  trusted.all = true;
}

/** Whether the code in a file may run although only a run folder names it. */
export const isTrusted = (path: string): boolean => trusted.all || trusted.paths.has(absolutePath(path));

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? "an" : "a");

/**
 * Imports a file, which runs its code, and returns its exports. The path must be given by the user, or trusted.
 * @param what kind of thing it is loaded as, for the error
 * @throws UserError when it cannot be loaded, or in a browser
 */
export async function importFile(path: string, what: string): Promise<Readonly<Record<string, unknown>>> {
  const url = globalThis.process?.getBuiltinModule?.("node:url").pathToFileURL(path);
  if (!url) throw new UserError(`${path}: ${article(what)} ${what} is loaded by its file's path in Node.js only`);
  trusted.paths.add(absolutePath(path));
  // The comments tell bundlers to leave the import alone.
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url.href).catch((error: unknown) => {
    throw new UserError(`${path}: could not be loaded as ${article(what)} ${what} (${messageOf(error)})`);
  });
}
