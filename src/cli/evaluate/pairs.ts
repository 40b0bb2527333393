import { join } from "node:path";
import {
  evaluatePairs,
  type PairEvaluationOptions,
  pairEvaluationTable,
  splitLine,
  writeAtomically,
} from "../../index.ts";
import { print, printJson } from "../output.ts";

/**
 * What `evaluate` does with pairs: the table, and `retrieval.json` and a page in the run folder.
 * @param done ends the line of progress
 */
export async function evaluateOnPairs(options: PairEvaluationOptions, done: () => void, json = false): Promise<void> {
  const { run, html = join(run.path, "retrieval.html") } = options;
  const evaluation = await evaluatePairs({ ...options, html }).finally(done);
  const file = join(run.path, "retrieval.json");
  await writeAtomically(file, [`${JSON.stringify(evaluation, null, 2)}\n`]);
  if (json) return printJson(evaluation);
  if (evaluation.split) print(`${splitLine(evaluation.split)}\n`);
  print(pairEvaluationTable(evaluation));
  if (evaluation.data.broken > 0) print(`${evaluation.data.broken} broken pairs were skipped.`);
  print(`\nwritten: ${file}, ${html}`);
}
