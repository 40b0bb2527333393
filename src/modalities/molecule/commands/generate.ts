import { numberFrom, wholeNumber } from "../../../cli/numbers.ts";
import { print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import { percent } from "../../../evaluation/scores/format.ts";
import { prepareOutput, writeOutput } from "../../../foundation/outputs.ts";
import { openRun } from "../../../training/run/run.ts";
import { generateMolecules } from "../generate.ts";

interface Flags {
  readonly count: string;
  readonly temperature: string;
  readonly topK: string;
  readonly seed: string;
  readonly out?: string;
  readonly json?: boolean;
}

const share = (part: number, whole: number): string => (whole === 0 ? "none" : percent(part / whole));

export const configure: Configure = (command) =>
  command
    .argument("<run>", "run folder of causal-lm on SMILES")
    .option("--count <count>", "SMILES to write", "1000")
    .option("--temperature <value>", "1: the model's probabilities; 0: always the most likely token", "1")
    .option("--top-k <count>", "most likely tokens to draw from; 0: all", "0")
    .option("--seed <seed>", "seed of the draws", "0")
    .option("--out <file>", "write the different molecules, one SMILES a line")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  autodidact molecule generate runs/generator --count 1000 --out new.smi")
    .action(async (path: string, { json, out, ...flags }: Flags) => {
      if (out !== undefined) await prepareOutput(out);
      const run = await openRun(path);
      const line = stageLine();
      const result = await generateMolecules({
        ...{
          run,
          count: wholeNumber("count", flags.count),
          temperature: numberFrom("temperature", flags.temperature, 0),
        },
        ...{ topK: wholeNumber("top-k", flags.topK, 0), seed: wholeNumber("seed", flags.seed, 0) },
        onProgress: (done, total) => line.update("molecules", done, total),
      }).finally(line.end);
      const { canonical, written, valid, unique, novel } = result;
      const different = [...new Set(canonical.filter((smiles) => smiles !== undefined))];
      if (out !== undefined) await writeOutput(out, [`${different.join("\n")}\n`]);
      if (json) return printJson({ written: written.length, valid, unique, novel, molecules: different });
      for (const smiles of different.slice(0, 10)) print(smiles);
      if (different.length > 10) print("…");
      print(
        `${written.length} SMILES: ${share(valid, written.length)} are molecules; of these ${share(unique, valid)} are different, and of the different ${share(novel, unique)} are not in the training data`,
      );
    });
