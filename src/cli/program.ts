import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { messageOf, UserError } from "../foundation/errors.ts";
import { allowDecoding } from "../foundation/memory.ts";
import { sweepTemporary } from "../foundation/temporary.ts";
import { trustCode } from "../foundation/user-file.ts";
import { commands } from "./commands.ts";
import { Interrupted } from "./interrupt.ts";
import { kindOfRun, kinds } from "./kinds.ts";
import { complain } from "./output.ts";
import type { CommandTable } from "./table.ts";

/** A flag of every command. */
const TRUST = "--trust-code";
/** A flag of every command, with a value. */
const MAX_PIXELS = "--max-pixels";

const KIND_HEADING = "Commands for one kind of data:";

/** Runs one command line. @returns exit code: 0 success, 1 failure, 2 a mistake of the user, 130 interrupted */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  // Without a handler of its own, a signal would end the process and leave temporary files behind.
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code);
    });
  sweepTemporary();
  try {
    if (argv.includes(TRUST)) trustCode();
    const args = withHelp(takePixels(argv.filter((arg) => arg !== TRUST)));
    const program = await programFor(args);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return report(error);
  }
}

/** Bytes of a pixel that a decoder holds: red, green, blue and transparency of 8 bits. */
const PIXEL_BYTES = 4;

/**
 * Applies `--max-pixels`, which is of no one command, since each may decode.
 * @returns the arguments without it
 * @throws UserError unless its value is a number of pixels
 */
function takePixels(argv: readonly string[]): readonly string[] {
  const at = argv.findIndex((arg) => arg === MAX_PIXELS || arg.startsWith(`${MAX_PIXELS}=`));
  if (at < 0) return argv;
  const isJoined = argv[at] !== MAX_PIXELS;
  const text = (isJoined ? argv[at]!.slice(MAX_PIXELS.length + 1) : argv[at + 1]) ?? "";
  const [, count = "", million] = /^(\d{1,12})(m?)$/i.exec(text) ?? [];
  const pixels = Number(count) * (million ? 2 ** 20 : 1);
  if (!(pixels >= 1 && pixels <= 1e11))
    throw new UserError(`${MAX_PIXELS} ${text}: must be a number of pixels such as 64m, for 64 million`);
  allowDecoding(pixels * PIXEL_BYTES);
  return argv.toSpliced(at, isJoined ? 1 : 2);
}

/** Turns `help embed`, an empty command line and a kind of data alone into `--help`. */
function withHelp(argv: readonly string[]): readonly string[] {
  const args = argv[0] === "help" ? argv.slice(1) : argv;
  const [first, second] = args;
  const isAlone = first === undefined || (Object.hasOwn(kinds, first) && second === undefined);
  return isAlone || args !== argv ? [...args, "--help"] : args;
}

/** The program with every command's summary; only the command that is called is loaded. */
async function programFor(args: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  const program = new Command("autodidact")
    .description(
      "Self-supervised learning: pre-train an encoder on unlabelled data, then evaluate, fine-tune, serve or export it.",
    )
    .version(version)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText("after", "\nExample:\n  autodidact pretrain photos/ --method simclr --out runs/photos")
    .addHelpText(
      "after",
      '\nThe kind of data may be left out where a run comes first: autodidact complete runs/notes "the [MASK] sat"',
    )
    .addHelpText(
      "after",
      `\n${TRUST} lets a run folder load methods, encoders and kinds of data from the files it names, and so run their code.`,
    )
    .addHelpText(
      "after",
      `${MAX_PIXELS} <count> limits the memory that decoding images may take, at 4 bytes a pixel: 64m by default, 16m in serve.`,
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 success, 1 failure, 2 a mistake in the command line or the data, 130 interrupted.",
    );
  const [called = "", ...rest] = args;
  let isFound = (await addCommands(program, commands, args)) || called.startsWith("-");
  for (const [name, { summary, load }] of Object.entries(kinds)) {
    const kind = program.command(name).description(summary).helpCommand(false).helpGroup(KIND_HEADING);
    if (name !== called) continue;
    isFound = true;
    await addCommands(kind, (await load()).commands, rest);
  }
  const ofRun = isFound ? undefined : await tableOfRun(rest);
  if (ofRun) isFound = await addCommands(program, ofRun, args);
  if (!isFound) await suggestKind(called);
  return program;
}

/** @returns whether one of them is called */
async function addCommands(parent: Command, table: CommandTable, [called, ...rest]: readonly string[]) {
  let isFound = false;
  for (const [heading, lines] of Object.entries(table))
    for (const [name, { summary, load }] of Object.entries(lines)) {
      const command = parent.command(name).description(summary).helpGroup(heading);
      if (name !== called) continue;
      isFound = true;
      await (await load()).configure(command, rest);
    }
  return isFound;
}

/** The commands for the kind of data of the run that is named first; undefined if there is none. */
async function tableOfRun(args: readonly string[]): Promise<CommandTable | undefined> {
  const name = await kindOfRun(args);
  return name !== undefined && Object.hasOwn(kinds, name) ? (await kinds[name]!.load()).commands : undefined;
}

/** @throws UserError for a command that belongs to some kinds of data, naming them */
async function suggestKind(called: string): Promise<void> {
  const meant: string[] = [];
  for (const [kind, { load }] of Object.entries(kinds)) {
    const tables = Object.values((await load()).commands);
    if (tables.some((lines) => Object.hasOwn(lines, called))) meant.push(`autodidact ${kind} ${called}`);
  }
  if (meant.length > 0) throw new UserError(`unknown command '${called}'; did you mean: ${meant.join(" or ")}`);
}

/** Prints one line to standard error, and with AUTODIDACT_DEBUG=1 the stack. @returns the exit code */
function report(error: unknown): number {
  if (process.env.AUTODIDACT_DEBUG === "1") console.error(error);
  // Ctrl-C before anything was begun, in a download.
  const isStopped = error instanceof Error && error.name === "AbortError";
  complain(`autodidact: ${isStopped ? "stopped; nothing was written" : messageOf(error).replace(/^error: /, "")}`);
  if (isStopped || error instanceof Interrupted) return 130;
  return error instanceof UserError || error instanceof CommanderError ? 2 : 1;
}

process.on("uncaughtException", (error) => process.exit(report(error)));
// A closed pipe (`autodidact methods | head -1`) is not a failure; a terminal that has gone has nobody to tell.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  if (error.code !== "EIO") process.exit(report(error));
});
// Progress that nobody reads any more is no reason to lose what has been learned.
process.stderr.on("error", () => undefined);
