import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, UserError } from "./errors.ts";
import { closest } from "./options.ts";

/** What a registry holds: something with a name and a mark that says which registry it belongs to. */
export interface Registered {
  readonly kind: string;
  readonly name: string;
}

export interface Registry<Entry extends Registered> {
  /** Every name that `load` knows, sorted; loads nothing. */
  readonly names: readonly string[];
  /** Every entry, sorted by name. */
  all(): Promise<Entry[]>;
  /**
   * The entry of that name, or the one in the file of that path: `simclr`, `./my-method.ts`.
   * @throws UserError naming what there is.
   */
  load(nameOrPath: string): Promise<Entry>;
}

/** A registry's lines: what imports the file of that name. Static, so that a bundler can follow them. */
export type Lines = Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>>;

/**
 * What can be asked for by name: one line a name, and its file is loaded when it is asked for. Each file exports one
 * entry of `kind`.
 *
 * @example
 * const methods = registry<MethodDefinition>("method", { simclr: () => import("./simclr.ts") });
 * const simclr = await methods.load("simclr");
 */
export function registry<Entry extends Registered>(kind: Entry["kind"], lines: Lines): Registry<Entry> {
  const isEntry = (value: unknown): value is Entry =>
    typeof value === "object" && value !== null && "kind" in value && value.kind === kind && "name" in value;
  const entryIn = (module: Readonly<Record<string, unknown>>): Entry | undefined => Object.values(module).find(isEntry);

  const names = Object.keys(lines).sort();
  const builtIn = async (name: string): Promise<Entry> => {
    const entry = entryIn(await lines[name]!());
    if (entry?.name !== name) throw new Error(`the file of ${kind} ${name} exports ${entry?.name ?? `no ${kind}`}`);
    return entry;
  };

  return {
    names,
    all: () => Promise.all(names.map(builtIn)),
    async load(nameOrPath) {
      if (Object.hasOwn(lines, nameOrPath)) return builtIn(nameOrPath);
      if (/[/\\.]/.test(nameOrPath)) {
        const path = isAbsolute(nameOrPath) ? nameOrPath : resolve(nameOrPath);
        const module: Record<string, unknown> = await import(pathToFileURL(path).href).catch((error: unknown) => {
          throw new UserError(`${nameOrPath}: could not be loaded as a ${kind} (${messageOf(error)})`);
        });
        const entry = entryIn(module);
        if (entry) return entry;
        throw new UserError(`${nameOrPath}: exports no ${kind}`);
      }
      const meant = closest(nameOrPath, names);
      throw new UserError(
        `unknown ${kind} "${nameOrPath}"${meant ? ` (did you mean ${meant}?)` : ""}; there are: ${names.join(", ")}`,
      );
    },
  };
}
