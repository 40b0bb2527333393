import { UserError } from "./errors.ts";
import { closest } from "./options.ts";
import { importFile, isPath } from "./user-file.ts";

/** An entry of a registry: its name, and the kind that says which registry it belongs to. */
export interface Registered {
  readonly kind: string;
  readonly name: string;
}

export interface Registry<Entry extends Registered> {
  /** Names of the built-in entries, sorted; loads nothing. */
  readonly names: readonly string[];
  /** Every built-in entry, sorted by name. */
  all(): Promise<Entry[]>;
  /** The built-in entry of that name; runs no user code. @throws UserError listing the names */
  builtIn(name: string): Promise<Entry>;
  /**
   * The built-in entry of that name, or the one in a user's file: `simclr`, `./my-method.ts`. The file's code runs, so
   * the path must come from the user.
   * @throws UserError listing the names
   */
  load(nameOrPath: string): Promise<Entry>;
}

/** A registry's lines: an import function for each name. Static, so that a bundler can follow them. */
export type Lines = Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>>;

/**
 * A registry: one line a name, whose file is loaded on first use. Each file exports one entry of `kind`.
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
    if (!Object.hasOwn(lines, name)) {
      const meant = closest(name, names);
      throw new UserError(
        `unknown ${kind} "${name}"${meant ? ` (did you mean ${meant}?)` : ""}; there are: ${names.join(", ")}`,
      );
    }
    const entry = entryIn(await lines[name]!());
    if (entry?.name !== name) throw new Error(`the file of ${kind} ${name} exports ${entry?.name ?? `no ${kind}`}`);
    return entry;
  };

  return {
    names,
    all: () => Promise.all(names.map(builtIn)),
    builtIn,
    async load(nameOrPath) {
      if (Object.hasOwn(lines, nameOrPath) || !isPath(nameOrPath)) return builtIn(nameOrPath);
      const entry = entryIn(await importFile(nameOrPath, kind));
      if (entry) return entry;
      throw new UserError(`${nameOrPath}: exports no ${kind}`);
    },
  };
}
