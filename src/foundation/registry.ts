import { readdir } from "node:fs/promises";
import { basename, extname, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, UserError } from "./errors.ts";
import { closest } from "./options.ts";

/** What a registry holds: something with a name and a mark that says which registry it belongs to. */
export interface Registered {
  readonly kind: string;
  readonly name: string;
}

export interface Registry<Entry extends Registered> {
  /** Every name that `load` knows, sorted. */
  names(): Promise<string[]>;
  /** Every entry, sorted by name. */
  all(): Promise<Entry[]>;
  /**
   * The entry of that name, or the one in the file of that path: `simclr`, `./my-method.ts`.
   * @throws UserError naming what there is.
   */
  load(nameOrPath: string): Promise<Entry>;
}

/**
 * A folder in which each file (or each sub-folder's `index`) exports one entry of `kind`. A new entry is a new file;
 * there is no list to edit. Files that export none, such as the folder's own index, are not entries.
 */
export function registry<Entry extends Registered>(folder: URL, kind: Entry["kind"]): Registry<Entry> {
  const isEntry = (value: unknown): value is Entry =>
    typeof value === "object" && value !== null && "kind" in value && value.kind === kind && "name" in value;

  const entryOf = async (url: URL): Promise<Entry | undefined> => {
    const module: Record<string, unknown> = await import(url.href);
    return Object.values(module).find(isEntry);
  };

  let known: Promise<Map<string, Entry>> | undefined;
  const scan = async (): Promise<Map<string, Entry>> => {
    const found = new Map<string, Entry>();
    const extension = extname(fileURLToPath(import.meta.url));
    for (const item of await readdir(folder, { withFileTypes: true })) {
      const isFile = item.isFile() && extname(item.name) === extension && !item.name.endsWith(`.d${extension}`);
      if (!isFile && !item.isDirectory()) continue;
      if (basename(item.name, extension) === "index") continue;
      const entry = await entryOf(new URL(item.isDirectory() ? `${item.name}/index${extension}` : item.name, folder));
      if (entry) found.set(entry.name, entry);
    }
    return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const entries = () => {
    known ??= scan();
    return known;
  };

  return {
    names: async () => [...(await entries()).keys()],
    all: async () => [...(await entries()).values()],
    async load(nameOrPath) {
      const builtIn = (await entries()).get(nameOrPath);
      if (builtIn) return builtIn;
      if (/[/\\.]/.test(nameOrPath)) {
        const path = isAbsolute(nameOrPath) ? nameOrPath : resolve(nameOrPath);
        const entry = await entryOf(pathToFileURL(path)).catch((error: unknown) => {
          throw new UserError(`${nameOrPath}: could not be loaded as a ${kind} (${messageOf(error)})`);
        });
        if (entry) return entry;
        throw new UserError(`${nameOrPath}: exports no ${kind}`);
      }
      const names = [...(await entries()).keys()];
      const meant = closest(nameOrPath, names);
      throw new UserError(
        `unknown ${kind} "${nameOrPath}"${meant ? ` (did you mean ${meant}?)` : ""}; there are: ${names.join(", ")}`,
      );
    },
  };
}
