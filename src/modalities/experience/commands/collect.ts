import { availableParallelism } from "node:os";
import { addEnvironment } from "../../../cli/environment-options.ts";
import { abortOnInterrupt, Interrupted } from "../../../cli/interrupt.ts";
import { wholeNumber } from "../../../cli/numbers.ts";
import { complain, print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import { environments } from "../../../environments/index.ts";
import { grouped, percent } from "../../../evaluation/scores/format.ts";
import { UserError } from "../../../foundation/errors.ts";
import { type Collected, type CollectProgress, collect } from "../collect/collect.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly attempts: string;
  readonly out: string;
  readonly seed: string;
  readonly policy: string;
  readonly with?: string;
  readonly workers?: string;
  readonly json?: boolean;
}

export const configure: Configure = async (command, argv) => {
  command
    .argument("<environment>", "where to act: a name, or a file that defines one (./my-world.ts)")
    .requiredOption("--attempts <count>", "episodes in the end, those that are there already included")
    .requiredOption("--out <folder>", "folder of the recording; one that was begun is gone on with")
    .option("--seed <seed>", "of everything: attempt i depends on it and on i alone", "0")
    .option("--policy <name>", "who acts: random, or a controller of the environment", "random")
    .option("--with <run>", "act with a run that learned what plans lead to, in place of --policy")
    .option("--workers <count>", "threads; what is recorded is the same for any number (default: one for each core)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact collect grasp --attempts 1000 --out tries/\n  autodidact collect grasp --attempts 2000 --out tries/ --with runs/grasp\n  autodidact pretrain tries/ --method grasp-outcome --out runs/grasp",
    );
  const chosen = await addEnvironment(command, argv);
  return command.action(async (environment: string, flags: Flags) => {
    // A name that is none is refused with the names that there are.
    if (!chosen) return void (await environments.load(environment));
    const attempts = wholeNumber("attempts", flags.attempts);
    const { out } = flags;
    if (flags.with !== undefined && command.getOptionValueSource("policy") === "cli")
      throw new UserError("--with and --policy: one of them acts; leave out the other");
    const line = stageLine();
    const interrupt = abortOnInterrupt(() => {
      line.end();
      complain("saving; Ctrl-C again quits at once");
    });
    try {
      const collected = await collect({
        ...{ environment, options: chosen.optionsIn(flags), attempts, out },
        seed: wholeNumber("seed", flags.seed, 0),
        acting: flags.with === undefined ? { policy: flags.policy } : { run: flags.with },
        workers: flags.workers === undefined ? availableParallelism() : wholeNumber("workers", flags.workers, 0),
        signal: interrupt.signal,
        onProgress: (progress) =>
          line.update("attempts", progress.done, progress.attempts, "attempts", rateOf(progress)),
        onNote: (note) => {
          line.end();
          complain(note);
        },
      });
      line.end();
      if (interrupt.signal.aborted && collected.attempts < attempts)
        throw new Interrupted(
          `stopped after ${collected.attempts.toLocaleString("en")} attempts, which are in ${out}; the same command goes on`,
        );
      if (flags.json) printJson({ out, ...collected, succeeded: collected.succeeded ?? null });
      else print(inWords(out, collected));
    } finally {
      line.end();
      interrupt.release();
    }
  });
};

const rateOf = ({ succeeded, episodes }: CollectProgress): string | undefined =>
  succeeded === undefined ? undefined : `${percent(succeeded / Math.max(1, episodes))} succeeded`;

const inWords = (out: string, { episodes, frames, succeeded }: Collected): string =>
  `${out}: ${grouped(episodes)} episodes, ${grouped(frames)} frames${succeeded === undefined ? "" : `; ${grouped(succeeded)} succeeded (${percent(succeeded / Math.max(1, episodes))})`}\nnext: autodidact pretrain ${out}`;
