/** Options as they come from a file or a command line: checked when they are used. */
export type AnyOptions = Readonly<Record<string, unknown>>;

/** What no built-in name looks like: the path of a user's file, or several names at once (`rotation+simclr:0.5`). */
type NotBuiltIn = `${string}/${string}` | `${string}\\${string}` | `${string}.${string}` | `${string}+${string}`;

/**
 * A name that may be given where `ByName` has the built-in ones. A misspelt one becomes those that there are, and does not
 * compile; what is only known to be a string is looked up when it is used.
 */
export type NameIn<ByName, Name extends string> =
  // Stands here by itself too, so that editors know what to propose.
  (keyof ByName & string) | (string extends Name ? Name : Extract<Name, NotBuiltIn>);

/** The options of what has that name; any, where only the file behind it knows them. */
export type OptionsOf<ByName, Name extends string> = Name extends keyof ByName ? ByName[Name] : AnyOptions;
