import type * as z from "zod";
import { UserError } from "./errors.ts";
import { closest } from "./options.ts";
import { shortened } from "./printable.ts";
import { importFile, isPath, isTrusted } from "./user-file.ts";

/** An entry of a registry: its name, and the kind that says which registry it belongs to. */
export interface Registered {
  readonly kind: string;
  readonly name: string;
}

export interface Registry<Entry extends Registered> {
  /** Names of the built-in entries, sorted; loads nothing. */
  readonly names: readonly string[];
  /** Every built-in entry, in the order of the lines. */
  all(): Promise<Entry[]>;
  /**
   * The entry that a file names, such as a run's config.json: a built-in one, or one in a file whose code the user asked
   * for in this process (by `load`) or trusts (`trustCode`).
   * @throws UserError for any other path, and listing the names
   */
  stored(nameOrPath: string): Promise<Entry>;
  /**
   * The built-in entry of that name, or the one in a user's file: `simclr`, `./my-method.ts`. The file's code runs, so
   * the path must come from the user.
   * @throws UserError listing the names
   */
  load(nameOrPath: string): Promise<Entry>;
}

/** A registry's lines: an import function for each name. Static, so that a bundler can follow them. */
export type Lines = Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>>;

/** Of the entry that a module exports, the options as a user may give them. */
type OptionsIn<Module> = {
  readonly [Key in keyof Module]: Module[Key] extends {
    readonly kind: string;
    readonly options: infer Options extends z.ZodObject;
  }
    ? Readonly<Partial<z.input<Options>>>
    : never;
}[keyof Module];

/** The options of every entry, by its name: read off the files that the lines import, so that no list is kept by hand. */
export type OptionsByName<Names extends Lines> = {
  readonly [Name in keyof Names]: OptionsIn<Awaited<ReturnType<Names[Name]>>>;
};

/**
 * A registry: one line a name, whose file is loaded on first use. Each file exports one entry of `kind`.
 *
 * @example
 * const methods = registry<MethodDefinition>("method", { simclr: () => import("../methods/simclr.ts") });
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
        `unknown ${kind} "${shortened(name, 60)}"${meant ? ` (did you mean ${meant}?)` : ""}; there are: ${names.join(", ")}`,
      );
    }
    const entry = entryIn(await lines[name]!());
    if (entry?.name !== name) throw new Error(`the file of ${kind} ${name} exports ${entry?.name ?? `no ${kind}`}`);
    return entry;
  };

  const isCode = (nameOrPath: string) => !Object.hasOwn(lines, nameOrPath) && isPath(nameOrPath);
  const load = async (nameOrPath: string): Promise<Entry> => {
    if (!isCode(nameOrPath)) return builtIn(nameOrPath);
    const entry = entryIn(await importFile(nameOrPath, kind));
    if (entry) return entry;
    throw new UserError(`${nameOrPath}: exports no ${kind}`);
  };

  return {
    names,
    all: () => Promise.all(Object.keys(lines).map(builtIn)),
    load,
    async stored(nameOrPath) {
      if (isCode(nameOrPath) && !isTrusted(nameOrPath))
        throw new UserError(
          `the ${kind} is code in a file, ${nameOrPath}, which runs only if you trust it: add --trust-code (in a program, call trustCode())`,
        );
      return load(nameOrPath);
    },
  };
}
