import { parseArgs } from "node:util";
import { messageOf } from "../src/foundation/errors.ts";

/**
 * Words and flags of a bench script. `--help` prints the usage and ends; an unknown flag ends with one line and exit
 * code 2.
 */
export function benchArguments<const Flag extends string = never>(
  usage: string,
  flags: readonly Flag[] = [],
): { words: string[]; has(flag: Flag | "json"): boolean } {
  const known: readonly string[] = ["json", "help", ...flags];
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: Object.fromEntries(known.map((flag) => [flag, { type: "boolean" as const }])),
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    return { words: positionals, has: (flag) => values[flag] === true };
  } catch (error) {
    console.error(`${messageOf(error).split(". ")[0]}; usage: ${usage}`);
    process.exit(2);
  }
}
