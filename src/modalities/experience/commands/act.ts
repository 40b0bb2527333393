import { Rng } from "../../../array/rng.ts";
import { addEnvironment, type ChosenEnvironment } from "../../../cli/environment-options.ts";
import { abortOnInterrupt, Interrupted } from "../../../cli/interrupt.ts";
import { wholeNumber } from "../../../cli/numbers.ts";
import { valueOf } from "../../../cli/option-groups.ts";
import { columns, print, printJson } from "../../../cli/output.ts";
import { stageLine } from "../../../cli/progress.ts";
import type { Configure } from "../../../cli/table.ts";
import type { EnvironmentDefinition, Policy } from "../../../environments/environment.ts";
import { environments } from "../../../environments/index.ts";
import { percent } from "../../../evaluation/scores/format.ts";
import { wilson } from "../../../evaluation/scores/wilson.ts";
import { UserError } from "../../../foundation/errors.ts";
import { prepareOutput } from "../../../foundation/outputs.ts";
import { readAgentConfig } from "../../../training/agents/config.ts";
import { isAgentRun, openAgent } from "../../../training/agents/open.ts";
import { methodOf, openRun, readConfig } from "../../../training/run/run.ts";
import { type Actor, act } from "../acting/act.ts";
import { measuresOf } from "../acting/measures.ts";
import { plannerOf } from "../acting/planner.ts";
import { recordedIn } from "../record/recorder.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly env?: string;
  readonly episodes: string;
  readonly seed: string;
  readonly video?: string;
  readonly compare: boolean;
  readonly json?: boolean;
}

export const configure: Configure = async (command, argv) => {
  command
    .argument("<run>", "run folder of a method that predicts what plans lead to, or of an agent")
    .option("--env <environment>", "where to act (default: where the run's data come from)")
    .option("--episodes <count>", "episodes, of seeds that nothing was learned from", "200")
    .option("--seed <seed>", "of the episodes", "0")
    .option("--video <file>", "film the first episodes: an animated .webp of the scene, beside it what was predicted")
    .option("--no-compare", "leave out the untrained net, the random policy and the hand-written controllers")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact act runs/grasp --episodes 200 --video grasp.webp\n  autodidact act runs/grasp --bin --episodes 20\n  autodidact act runs/cheetah --episodes 20 --video cheetah.webp",
    );
  const [path] = argv;
  const origin = path === undefined || path.startsWith("-") ? undefined : await originOf(path).catch(() => undefined);
  const name = valueOf(argv, "--env") ?? origin?.environment;
  const chosen = name === undefined ? undefined : await addEnvironment(command, [name]);
  return command.action(async (run: string, flags: Flags) => {
    if (!chosen) {
      // Why there is none: a name that is none, or a run that cannot be read.
      if (name !== undefined) await environments.load(name);
      await originOf(run);
      throw new UserError(`${run}: its data do not say in which environment they were recorded; name it: --env grasp`);
    }
    await inEnvironment(run, chosen, origin && name === origin.environment ? origin.options : {}, flags);
  });
};

interface Origin {
  readonly environment: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The environment that a run learned in, and its options there. @throws UserError when the folder is no run */
async function originOf(run: string): Promise<Origin | undefined> {
  if (await isAgentRun(run)) {
    const config = await readAgentConfig(run);
    return config && { environment: config.environment.name, options: config.environment.options };
  }
  const [path = ""] = [(await readConfig(run)).data.path].flat();
  return recordedIn(path);
}

async function inEnvironment(run: string, chosen: ChosenEnvironment, there: Origin["options"], flags: Flags) {
  const { definition } = chosen;
  const options = chosen.optionsIn(flags, { ...there, ...definition.evaluation });
  const [episodes, seed] = [wholeNumber("episodes", flags.episodes), wholeNumber("seed", flags.seed, 0)];
  if (flags.video !== undefined) await prepareOutput(flags.video);
  const { policy, untrained, close } = await policyOf(run, chosen, options);
  const line = stageLine();
  const interrupt = abortOnInterrupt(() => line.update("stopping after this episode", 0, 1));
  const { signal } = interrupt;
  const actors = await act({
    ...{
      definition,
      options,
      actor: { name: run, policy },
      others: untrained,
      episodes,
      seed,
      compare: flags.compare,
      signal,
    },
    video: flags.video,
    onProgress: (stage, done, total) => line.update(stage, done, total, "episodes"),
  }).finally(async () => {
    line.end();
    interrupt.release();
    await close();
  });
  if (flags.json)
    printJson(actors.map(({ name, played }) => ({ name, ...played, measures: measuresOf(definition, played.ends) })));
  else print(tableOf(actors, definition));
  if (flags.video !== undefined && !flags.json) print(`\n${flags.video}: the first episodes of ${run}`);
  if (signal.aborted) throw new Interrupted("stopped; the rows above are of the episodes until then");
}

async function policyOf(
  run: string,
  { definition }: ChosenEnvironment,
  options: Readonly<Record<string, unknown>>,
): Promise<{ policy: Policy; untrained: { name: string; policy: Policy }[]; close(): Promise<void> }> {
  if (await isAgentRun(run)) {
    const agent = await openAgent(run);
    return { policy: agent.policy, untrained: [], close: async () => agent[Symbol.asyncDispose]() };
  }
  const opened = await openRun(run);
  const planner = await plannerOf(opened, definition, options);
  const { method } = await methodOf(opened);
  const fresh = { ...opened, methodParams: method.init(new Rng(opened.config.training.seed).split("untrained")) };
  const untrained = await plannerOf(fresh, definition, options);
  return {
    policy: planner,
    untrained: [{ name: "the same, untrained", policy: untrained }],
    close: async () => void (await Promise.all([planner.dispose(), untrained.dispose()])),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Success and the environment's measures with their intervals where there are such things, mean return and length. */
function tableOf(actors: readonly Actor[], definition: EnvironmentDefinition): string {
  const succeed = actors.some(({ played }) => played.successes);
  const rows = actors.map(({ name, played: { successes = [], returns, lengths, ends } }) => {
    const right = successes.filter(Boolean).length;
    const interval = wilson(right, successes.length).map((share) => (100 * share).toFixed(1));
    const measures = Object.values(measuresOf(definition, ends)).map(
      ({ value, low, high }) => `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    );
    return [
      name,
      `${returns.length}`,
      ...(succeed ? [percent(right / successes.length), `${interval.join(" to ")} %`] : []),
      ...measures,
      mean(returns).toFixed(3),
      mean(lengths).toFixed(1),
    ];
  });
  const measured = Object.keys(definition.measures ?? {});
  const head = ["who", "episodes", ...(succeed ? ["success", "95 % interval"] : []), ...measured, "return", "steps"];
  return columns([head, ...rows]);
}
