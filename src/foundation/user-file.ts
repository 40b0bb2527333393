import { messageOf, UserError } from "./errors.ts";

/*
 * Files that a user names by their paths and that hold code: a method, an encoder, a kind of data. Node's modules are
 * asked for when such a file is, and not imported: a browser has neither.
 */

/** Whether a name is meant as a path: `./my-method.ts`, not `simclr`. */
export const isPath = (name: string): boolean => /[/\\.]/.test(name);

/** In a browser no file is. */
export const isThere = (path: string): boolean =>
  globalThis.process?.getBuiltinModule?.("node:fs").existsSync(path) ?? false;

/** The path from the root on, which is the same from any folder. */
export const lastingPath = (path: string): string =>
  globalThis.process?.getBuiltinModule?.("node:path").resolve(path) ?? path;

/** Files whose code the user asked for in this process, by their lasting paths; and whether any file's code may run. */
const trusted = { paths: new Set<string>(), all: false };

/**
 * Lets the code run that run folders name by a path: methods, encoders and kinds of data in somebody's files. Without it
 * such a folder is refused, unless the user has named the very file in this process.
 *
 * @example
 * trustCode();
 * const run = await openRun("runs/with-my-method");
 */
export function trustCode(): void {
  trusted.all = true;
}

/** Whether the code in a file may run, though only a run folder names it. */
export const isTrusted = (path: string): boolean => trusted.all || trusted.paths.has(lastingPath(path));

/**
 * What the module in a file exports. Its code runs, so the path must be the user's word or trusted.
 * @param what it is loaded as, for the error
 * @throws UserError when it cannot be loaded, and in a browser
 */
export async function importFile(path: string, what: string): Promise<Readonly<Record<string, unknown>>> {
  const url = globalThis.process?.getBuiltinModule?.("node:url").pathToFileURL(path);
  if (!url) throw new UserError(`${path}: a ${what} is loaded by its file's path in Node.js only`);
  trusted.paths.add(lastingPath(path));
  // Bundlers are asked to leave it as it is.
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url.href).catch((error: unknown) => {
    throw new UserError(`${path}: could not be loaded as a ${what} (${messageOf(error)})`);
  });
}
