import { agentReport, agentRows, evaluateAgent, UserError, writeAtomically } from "../../index.ts";
import { columns, print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";

/**
 * What `evaluate` does with an agent's run: the table, and `evaluation.json` and charts in the run folder.
 * @param given options that are for data
 * @throws UserError for such an option
 */
export async function evaluateAgentRun(
  run: string,
  {
    episodes,
    seed,
    json,
    given,
  }: { episodes: number; seed: number | undefined; json: boolean; given: string | undefined },
): Promise<void> {
  if (given !== undefined)
    throw new UserError(`${given} is for runs on data; ${run} is an agent's: --episodes, --seed`);
  const line = stageLine();
  const evaluation = await evaluateAgent({
    ...{ run, episodes, onProgress: line.update },
    ...(seed === undefined ? {} : { seed }),
  }).finally(line.end);
  const files = await agentReport(evaluation);
  for (const [path, text] of Object.entries(files)) await writeAtomically(path, [text]);
  if (json) return printJson(evaluation);
  print(`${evaluation.agent.name} in ${evaluation.environment.name}, ${episodes} episodes each, without exploration\n`);
  print(columns(agentRows(evaluation)));
  print(`\nwritten: ${Object.keys(files).join(", ")}`);
}
