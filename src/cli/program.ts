import { readFile } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { messageOf, UserError } from "../index.ts";
import { completeCommand } from "./complete.ts";
import { distillCommand } from "./distill.ts";
import { duplicatesCommand } from "./duplicates.ts";
import { embedCommand } from "./embed.ts";
import { evaluateCommand } from "./evaluate.ts";
import { exportCommand } from "./export.ts";
import { fewShotCommand } from "./few-shot.ts";
import { finetuneCommand } from "./finetune.ts";
import { infoCommand } from "./info.ts";
import { Interrupted } from "./interrupt.ts";
import { lookCommand } from "./look.ts";
import { methodsCommand } from "./methods.ts";
import { perplexityCommand } from "./perplexity.ts";
import { predictCommand } from "./predict.ts";
import { pretrainCommand } from "./pretrain.ts";
import { pruneCommand } from "./prune.ts";
import { quantizeCommand } from "./quantize.ts";
import { reportCommand } from "./report.ts";
import { searchCommand } from "./search.ts";
import { serveCommand } from "./serve.ts";
import { suggestCommand } from "./suggest.ts";
import { tokenizeCommand } from "./tokenize.ts";

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
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    const program = new Command("autodidact")
      .description(
        "Learns from unlabeled data: a folder of images or a text file in, a representation worth using out.",
      )
      .version(version)
      .addCommand(await pretrainCommand(argv))
      .addCommand(evaluateCommand())
      .addCommand(reportCommand())
      .addCommand(await finetuneCommand(argv))
      .addCommand(fewShotCommand())
      .addCommand(embedCommand())
      .addCommand(predictCommand())
      .addCommand(searchCommand())
      .addCommand(serveCommand())
      .addCommand(suggestCommand())
      .addCommand(duplicatesCommand())
      .addCommand(lookCommand())
      .addCommand(exportCommand())
      .addCommand(quantizeCommand())
      .addCommand(distillCommand())
      .addCommand(pruneCommand())
      .addCommand(completeCommand())
      .addCommand(perplexityCommand())
      .addCommand(infoCommand())
      .addCommand(methodsCommand())
      .addCommand(tokenizeCommand())
      .addHelpText("after", "\nExample:\n  autodidact pretrain photos/ --method simclr --out runs/photos")
      .addHelpText("after", "\nExit codes: 0 fine, 1 failed, 2 a mistake in the command line or the data.");
    for (const command of [program, ...program.commands])
      command.exitOverride().configureOutput({ outputError: () => undefined });
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return report(error);
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
