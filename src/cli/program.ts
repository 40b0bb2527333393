import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { messageOf, UserError } from "../foundation/errors.ts";
import { trustCode } from "../foundation/user-file.ts";
import { commands } from "./commands.ts";
import { Interrupted } from "./interrupt.ts";
import { kinds } from "./kinds.ts";
import type { CommandTable } from "./table.ts";

/** Said to any command. */
const TRUST = "--trust-code";

const OF_ONE_KIND = "Commands of one kind of data:";

/** Runs one command line. @returns exit code: 0 fine, 1 failed, 2 the user's mistake, 130 interrupted */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  // A process that a signal ends by itself leaves its temporary files behind.
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  try {
    if (argv.includes(TRUST)) trustCode();
    const words = asksForHelp(argv.filter((word) => word !== TRUST));
    const program = await programFor(words);
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return report(error);
  }
}

/** `help embed` is `embed --help`; nothing at all, or a kind of data alone, asks for help too. */
function asksForHelp(argv: readonly string[]): readonly string[] {
  const words = argv[0] === "help" ? argv.slice(1) : argv;
  const [first, second] = words;
  const isAlone = first === undefined || (Object.hasOwn(kinds, first) && second === undefined);
  return isAlone || words !== argv ? [...words, "--help"] : words;
}

/** Every command by its summary, and the one that is asked for as it is: nothing else is loaded. */
async function programFor(words: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  const program = new Command("autodidact")
    .description("Learns a representation from unlabelled data, and measures, serves and exports it.")
    .version(version)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText("after", "\nExample:\n  autodidact pretrain photos/ --method simclr --out runs/photos")
    .addHelpText(
      "after",
      `\n${TRUST} lets a run folder run the code of methods, encoders and kinds of data that it names by a file's path.`,
    )
    .addHelpText("after", "\nExit codes: 0 fine, 1 failed, 2 a mistake in the command line or the data.");
  const [asked = "", ...rest] = words;
  let isKnown = (await addCommands(program, commands, words)) || asked.startsWith("-");
  for (const [name, { summary, load }] of Object.entries(kinds)) {
    const kind = program.command(name).description(summary).helpCommand(false).helpGroup(OF_ONE_KIND);
    if (name !== asked) continue;
    isKnown = true;
    await addCommands(kind, (await load()).commands, rest);
  }
  if (!isKnown) await refuseElsewhere(asked);
  return program;
}

/** @returns whether one of them is asked for */
async function addCommands(parent: Command, table: CommandTable, [asked, ...rest]: readonly string[]) {
  let isKnown = false;
  for (const [heading, lines] of Object.entries(table))
    for (const [name, { summary, load }] of Object.entries(lines)) {
      const command = parent.command(name).description(summary).helpGroup(heading);
      if (name !== asked) continue;
      isKnown = true;
      await (await load()).configure(command, rest);
    }
  return isKnown;
}

/** @throws UserError for a command that is one kind of data's */
async function refuseElsewhere(asked: string): Promise<void> {
  for (const [kind, { load }] of Object.entries(kinds)) {
    const tables = Object.values((await load()).commands);
    if (tables.some((lines) => Object.hasOwn(lines, asked)))
      throw new UserError(`unknown command '${asked}'; there is: autodidact ${kind} ${asked}`);
  }
}

/** One line on standard error; the stack only when AUTODIDACT_DEBUG=1 asks for it. */
function report(error: unknown): number {
  if (process.env.AUTODIDACT_DEBUG === "1") console.error(error);
  process.stderr.write(`autodidact: ${messageOf(error).replace(/^error: /, "")}\n`);
  if (error instanceof Interrupted) return 130;
  return error instanceof UserError || error instanceof CommanderError ? 2 : 1;
}

process.on("uncaughtException", (error) => process.exit(report(error)));
// A reader that has seen enough (`autodidact methods | head -1`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : report(error)));
