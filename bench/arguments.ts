import { parseArgs } from "node:util";
import { wholeNumber } from "../src/cli/numbers.ts";
import { messageOf } from "../src/foundation/errors.ts";

/**
 * Words, flags and counts (`--epochs 3`) of a bench script. `--help` prints the usage and ends; an unknown flag, or a count that is
 * no whole number, ends with one line and exit code 2.
 */
export function benchArguments<const Flag extends string = never, const Count extends string = never>(
  usage: string,
  flags: readonly Flag[] = [],
  counts: readonly Count[] = [],
): { words: string[]; has(flag: Flag | "json"): boolean; count(flag: Count): number | undefined } {
  const known: readonly string[] = ["json", "help", ...flags];
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ...Object.fromEntries(known.map((flag) => [flag, { type: "boolean" as const }])),
        ...Object.fromEntries(counts.map((flag) => [flag, { type: "string" as const }])),
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const given = new Map(
      counts.flatMap((flag) => {
        const text = values[flag];
        return typeof text === "string" ? [[flag, wholeNumber(flag, text)]] : [];
      }),
    );
    return { words: positionals, has: (flag) => values[flag] === true, count: (flag) => given.get(flag) };
  } catch (error) {
    console.error(`${messageOf(error).split(". ")[0]}; usage: ${usage}`);
    process.exit(2);
  }
}
