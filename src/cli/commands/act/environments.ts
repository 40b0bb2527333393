import { environments, kebab, spaceText } from "../../../index.ts";
import { addEnvironment, type ChosenEnvironment } from "../../environment-options.ts";
import { columns, print, printJson } from "../../output.ts";
import type { Configure } from "../../table.ts";

export const configure: Configure = async (command, argv) => {
  command
    .argument("[environment]", "show this one in detail: a name, or a file that defines one (./my-environment.ts)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  autodidact environments\n  autodidact environments deep-sea --size 20\n  autodidact environments ./my-environment.ts",
    );
  const chosen = await addEnvironment(command, argv);
  return command.action(async (name: string | undefined, { json, ...values }: { json?: boolean }) => {
    if (name === undefined) return list(json);
    // A name that is none is refused with the names that there are.
    if (!chosen) return void (await environments.load(name));
    const facts = await factsOf(chosen, values);
    if (json) printJson(facts);
    else print(inFull(facts));
  });
};

async function list(json?: boolean): Promise<void> {
  const all = await environments.all();
  if (json)
    return printJson(
      all.map(({ name, summary, source, success, baselines = {}, planning, options }) => ({
        ...{ name, summary, source, success: success ?? null, baselines: Object.keys(baselines) },
        ...{ planning: planning !== undefined, options: Object.keys(options.shape) },
      })),
    );
  const rows = all.map(({ name, summary, baselines = {}, source }) => [
    name,
    Object.keys(baselines).join(", "),
    source,
    summary,
  ]);
  print(columns([["environment", "baselines", "source", "task"], ...rows]));
}

type Facts = Awaited<ReturnType<typeof factsOf>>;

/** Opens it, since spaces depend on options. */
async function factsOf(chosen: ChosenEnvironment, values: Readonly<Record<string, unknown>>) {
  const { definition, flags } = chosen;
  const options = chosen.optionsIn(values);
  using world = await definition.make(options);
  const {
    name,
    summary,
    source,
    success,
    truth,
    measures = {},
    evaluation = {},
    baselines = {},
    planning,
  } = definition;
  return {
    ...{ name, summary, source, success: success ?? null, truth: truth ?? null, measures: Object.keys(measures) },
    evaluation,
    observations: Object.fromEntries(
      Object.entries(world.observationSpace).map(([key, space]) => [key, spaceText(space)]),
    ),
    actions: spaceText(world.actionSpace),
    baselines: Object.keys(baselines),
    planSteps: planning?.(options).steps ?? null,
    isDrawn: world.render !== undefined,
    options: Object.fromEntries(
      [...flags].map(([flag, { key, description, allowed }]) => [flag, { value: options[key], description, allowed }]),
    ),
  };
}

function inFull(facts: Facts): string {
  const { name, summary, source, observations, actions, success, truth, measures, evaluation, options } = facts;
  const { baselines, planSteps, isDrawn } = facts;
  const others = Object.entries(evaluation).map(([key, value]) =>
    typeof value === "boolean" ? `--${value ? "" : "no-"}${kebab(key)}` : `--${kebab(key)} ${value}`,
  );
  const lines = [
    ["task", summary],
    ["source", source],
    ...Object.entries(observations).map(([key, space]) => [`observation ${key}`, space]),
    ["action", actions],
    ["success", success === null ? "by the sum of rewards" : `${success} is 1 at the end of an episode`],
    ...(truth === null ? [] : [["in truth", `${truth}, for evaluation alone`]]),
    ...(measures.length > 0 ? [["measures", measures.join(", ")]] : []),
    ...(others.length > 0 ? [["evaluated with", others.join(" ")]] : []),
    ["baselines", [...new Set(["random", ...baselines])].join(", ")],
    ...(planSteps === null
      ? []
      : [["planning", `plans of ${planSteps === 1 ? "one action" : `${planSteps} actions`}`]]),
    ["film", isDrawn ? "yes" : "no"],
  ];
  const flags = Object.entries(options).map(([flag, { value, description, allowed }]) => [
    `--${flag}`,
    value === undefined ? "–" : String(value),
    `${description} (${allowed})`,
  ]);
  return `${name}\n${columns(lines)}${flags.length > 0 ? `\n\n${columns([["option", "value", "meaning"], ...flags])}` : ""}`;
}
