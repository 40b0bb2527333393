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

/**
 * Imports a file, which runs its code, and returns its exports.
 * @param what kind of thing it is loaded as, for the error
 * @throws UserError when it cannot be loaded, or in a browser
 */
export async function importFile(path: string, what: string): Promise<Readonly<Record<string, unknown>>> {
  const url = globalThis.process?.getBuiltinModule?.("node:url").pathToFileURL(path);
  if (!url) throw new UserError(`${path}: a ${what} is loaded by its file's path in Node.js only`);
  // The comments tell bundlers to leave the import alone.
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url.href).catch((error: unknown) => {
    throw new UserError(`${path}: could not be loaded as a ${what} (${messageOf(error)})`);
  });
}
