import { join } from "node:path";
import { type Command, Option } from "commander";
import type * as z from "zod";
import { type Flag, flagsOf } from "../../foundation/options.ts";
import {
  agentOptions,
  environments,
  findAgent,
  LearningOptions,
  type LearningProgress,
  learn,
  UserError,
} from "../../index.ts";
import { abortOnInterrupt, Interrupted } from "../interrupt.ts";
import { addFlag, valueOf } from "../option-groups.ts";
import { print, printJson } from "../output.ts";
import { stageLine } from "../progress.ts";
import { refuseChanges, resumeOption, stemOf, stoppedAt } from "../resume.ts";
import type { Configure } from "../table.ts";

const DEFAULT = "td3";

interface Flags extends Record<string, unknown> {
  readonly method: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
}

/** Options under one heading of the help. */
interface Group {
  readonly key: "learning" | "options" | "environmentOptions";
  readonly heading: string;
  /** By name on the command line. */
  readonly flags: ReadonlyMap<string, Flag>;
}

/** The environment is the first argument: its options must be known before the command line is parsed. */
const environmentIn = (argv: readonly string[]): string | undefined =>
  argv[0]?.startsWith("-") === false ? argv[0] : undefined;

async function groupsOf(name: string | undefined, method: string): Promise<Group[]> {
  const taken = new Set(["method", "out", "resume", "json", "help"]);
  const group = (key: Group["key"], heading: string, prefix: string, schema: z.ZodObject): Group => {
    const flags = flagsOf(schema).map((flag): [string, Flag] => {
      const title = taken.has(flag.name) ? `${prefix}-${flag.name}` : flag.name;
      taken.add(title);
      return [title, { ...flag, name: title }];
    });
    return { key, heading, flags: new Map(flags) };
  };
  const groups = [group("learning", "Learning:", "learning", LearningOptions)];
  if (name === undefined) return groups;
  const [world, agent] = [await environments.load(name), await findAgent(method)];
  return [
    ...groups,
    group("options", `Agent ${agent.name}:`, "agent", agentOptions(agent)),
    group("environmentOptions", `Environment ${world.name}:`, "environment", world.options),
  ];
}

/** @throws UserError for a value that is not allowed */
const parsedBy = ({ flags }: Group, values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    [...flags].flatMap(([name, flag]): [string, unknown][] => {
      const value = values[new Option(`--${name}`).attributeName()];
      return typeof value === "string" || typeof value === "boolean" ? [[flag.key, flag.parse(value)]] : [];
    }),
  );

export const configure: Configure = async (command, argv) => {
  const groups = await groupsOf(environmentIn(argv), valueOf(argv, "--method") ?? DEFAULT);
  resumeOption(
    command
      .argument("[environment]", "where to act: a name, or a file that defines one; it comes first")
      .option(
        "--method <name>",
        "the agent, with what it learns beside the reward: td3, td3+sale; a number after a colon weighs a loss: dqn+spr:2",
        DEFAULT,
      )
      .option("--out <folder>", "run folder to create, with a folder for each seed (default: runs/<environment>)"),
  ).option("--json", "print the result as JSON");
  for (const { heading, flags } of groups) for (const [name, flag] of flags) addFlag(command, name, flag, heading);
  return command
    .addHelpText(
      "after",
      "\nOptions of an agent and an environment: autodidact learn half-cheetah --method td3+sale --help",
    )
    .addHelpText("after", "\nExamples:")
    .addHelpText(
      "after",
      "  autodidact learn half-cheetah --method td3+sale --steps 50000 --seeds 3 --out runs/cheetah",
    )
    .addHelpText("after", "  autodidact learn --resume runs/cheetah")
    .action((environment: string | undefined, flags: Flags) => run(environment, flags, groups, command));
};

async function run(
  environment: string | undefined,
  flags: Flags,
  groups: readonly Group[],
  command: Command,
): Promise<void> {
  const { method, resume, json, out = join("runs", stemOf(environment ?? "")) } = flags;
  const folder = resume ?? out;
  if (resume !== undefined) refuseChanges(command, resume, []);
  if (resume !== undefined && environment !== undefined)
    throw new UserError(`--resume continues ${resume} in its environment; leave out ${environment}`);
  if (resume === undefined && environment === undefined)
    throw new UserError("name the environment to act in first, or a run to continue: --resume");
  const line = stageLine();
  const interrupt = abortOnInterrupt(() => {
    line.end();
    print("saving; Ctrl-C again quits at once");
  });
  try {
    const chosen = Object.fromEntries(groups.map((group) => [group.key, parsedBy(group, flags)]));
    const learned = await learn({
      ...(resume === undefined ? { environment, method, ...chosen } : {}),
      ...{ out: folder, resume: resume !== undefined, signal: interrupt.signal },
      onProgress: (progress) => line.update(stageOf(progress), progress.step, progress.steps, "steps"),
    });
    line.end();
    const { learning, agent, environment: world } = learned.config;
    const isDone =
      learned.steps.length === learning.seeds && learned.steps.every(({ step }) => step === learning.steps);
    if (interrupt.signal.aborted && !isDone)
      throw new Interrupted(stoppedAt("learn", folder, learned.steps.at(-1)?.step));
    if (json) return printJson({ run: folder, agent: agent.name, environment: world.name, seeds: learned.steps });
    print(
      `${folder}: ${agent.name} in ${world.name}, ${learning.steps} steps, seeds ${learned.steps.map(({ seed }) => seed).join(", ")}`,
    );
    print(`next: autodidact evaluate ${folder}`);
  } finally {
    line.end();
    interrupt.release();
  }
}

/** The rate is of one stage: random actions are much faster. */
const stageOf = ({ seed, isWarmup, evaluated }: LearningProgress): string =>
  isWarmup
    ? `seed ${seed}, random actions`
    : `seed ${seed}${evaluated === undefined ? "" : `, return ${evaluated.toFixed(1)}`}`;
