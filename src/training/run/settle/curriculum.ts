import type * as z from "zod";
import { type Tensor, tree, Zeros } from "../../../array/index.ts";
import type { ModalityDefinition } from "../../../data/index.ts";
import { UserError } from "../../../foundation/errors.ts";
import { closest } from "../../../foundation/options.ts";
import { partsOf } from "../../../methods/combine.ts";
import type { MethodDefinition } from "../../../methods/index.ts";
import { atStages, valueOf } from "../../curriculum.ts";
import { CurriculumEntry, MOST_STAGES, type RunConfig, SettledTraining } from "../config.ts";
import { buildMethod } from "../run.ts";

/** Training options that may change during a run. */
const CHANGEABLE = ["learningRate", "weightDecay", "gradientClip"] as const;

const STAGES = 10;

/** @throws UserError for a modality option that the method replaces, naming the replacements */
export function refuseReplaced(option: string, method: MethodDefinition): void {
  const parts = partsOf(method);
  const isReplaced = ({ replaces = {} }: MethodDefinition) => Object.hasOwn(replaces, option);
  const replacing = parts.find(isReplaced);
  if (!replacing) return;
  const others = parts.filter((part) => !isReplaced(part)).map(({ name }) => name);
  throw new UserError(
    `${option} has no effect with ${replacing.name}, which has ${replacing.replaces?.[option]} instead${others.length > 0 ? `; it would change ${others.join(" and ")} only` : ""}`,
  );
}

const SYNTAX =
  /^(?<option>[\w-]+)=(?<from>[^:@=]+):(?<to>[^:@=]+)@(?<pace>linear|cosine|step|competence)(?::(?<metric>[\w/-]+)>(?<atLeast>[^/]+))?(?:\/(?<stages>\d+))?$/;

/**
 * Parses the user's curricula, such as `maskRatio=0.3:0.75@cosine`, `cropScale=0.8,1:0.2,1@linear/5` (in 5
 * stages), `temperature=0.5:0.1@competence:accuracy>0.9`.
 * @returns the configuration with them, the options at their final values
 * @throws UserError for a curriculum that cannot be parsed, is not allowed, or changes the shape of a parameter
 */
export async function withCurriculum(
  config: RunConfig,
  texts: readonly string[],
  method: MethodDefinition,
  modality: ModalityDefinition,
): Promise<RunConfig> {
  const curriculum = texts.map((text) => entryOf(text, method, modality));
  const twice = curriculum.find(({ option }, at) => curriculum.findIndex((entry) => entry.option === option) < at);
  if (twice) throw new UserError(`curriculum: ${twice.option} occurs twice`);
  const ends = atStages(
    config,
    curriculum,
    curriculum.map(({ stages }) => stages - 1),
  );
  const settled = { ...ends, curriculum };
  const shapes = await shapesOf(settled);
  for (const [index, entry] of curriculum.entries())
    for (let stage = 0; stage < entry.stages - 1; stage++) {
      const stages = curriculum.map((other, at) => (at === index ? stage : other.stages - 1));
      const atStage = await shapesOf(atStages(settled, curriculum, stages));
      if (atStage === shapes) continue;
      const value = valueOf(entry, stage);
      throw new UserError(
        `curriculum: ${entry.option} ${value} and ${entry.option} ${entry.to} give parameters of different shapes; it must stay constant in a run`,
      );
    }
  return settled;
}

function entryOf(text: string, method: MethodDefinition, modality: ModalityDefinition): CurriculumEntry {
  const parts = SYNTAX.exec(text)?.groups;
  if (!parts)
    throw new UserError(
      `curriculum "${text}": write option=from:to@pace, as in maskRatio=0.3:0.75@cosine; paces are linear, cosine, step, competence`,
    );
  const option = (parts.option ?? "").replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const training = SettledTraining.pick({ learningRate: true, weightDecay: true, gradientClip: true });
  const groups: readonly (readonly [CurriculumEntry["group"], z.ZodObject])[] = [
    ["method", method.options],
    ["modality", modality.options],
    ["training", training],
  ];
  const [group, schema] = groups.find(([, { shape }]) => Object.hasOwn(shape, option)) ?? [];
  if (!group || !schema) {
    if (Object.hasOwn(SettledTraining.shape, option))
      throw new UserError(
        `curriculum "${text}": ${option} cannot change during training; only ${CHANGEABLE.join(", ")} can`,
      );
    const names = groups.flatMap(([, { shape }]) => Object.keys(shape));
    const suggestion = closest(option, names);
    throw new UserError(
      `curriculum "${text}": neither method ${method.name} nor the data have an option ${option}${suggestion ? ` (did you mean ${suggestion}?)` : ""}`,
    );
  }
  if (group === "modality") refuseReplaced(option, method);
  const amountOf = (part: string) => {
    const numbers = part.split(",").map(Number);
    if (numbers.some((number) => !Number.isFinite(number)) || /(^|,)\s*(,|$)/.test(part))
      throw new UserError(`curriculum "${text}": ${part} is not a number`);
    return numbers.length === 1 ? numbers[0]! : numbers;
  };
  const [from, to] = [amountOf(parts.from ?? ""), amountOf(parts.to ?? "")];
  if ([from].flat().length !== [to].flat().length)
    throw new UserError(`curriculum "${text}": ${parts.from} and ${parts.to} have different lengths`);
  const stages = parts.stages === undefined ? (parts.pace === "step" ? 2 : STAGES) : Number(parts.stages);
  if (stages < 2 || stages > MOST_STAGES)
    throw new UserError(`curriculum "${text}": there must be 2 to ${MOST_STAGES} stages`);
  if (parts.metric && parts.pace !== "competence")
    throw new UserError(`curriculum "${text}": only the pace competence uses a metric`);
  const metric = parts.metric ? { name: parts.metric, atLeast: Number(parts.atLeast) } : undefined;
  if (metric && !Number.isFinite(metric.atLeast))
    throw new UserError(`curriculum "${text}": ${parts.atLeast} is not a number`);
  const pace = CurriculumEntry.shape.pace.parse(parts.pace);
  const entry = { option, group, from, to, pace, stages, whole: false, ...(metric ? { metric } : {}) };
  const field: unknown = schema.shape[option];
  const accepts = (value: unknown) => isSchema(field) && field.safeParse(value).success;
  const every = (whole: boolean) =>
    globalThis.Array.from({ length: stages }, (_, stage) => valueOf({ ...entry, whole }, stage));
  // Whole numbers where the numbers in between are not allowed.
  const whole = !every(false).every(accepts) && every(true).every(accepts);
  const refused = every(whole).find((value) => !accepts(value));
  if (refused !== undefined) throw new UserError(`curriculum "${text}": ${option} may not be ${refused}`);
  return { ...entry, whole };
}

const isSchema = (field: unknown): field is z.ZodType =>
  typeof field === "object" && field !== null && "safeParse" in field;

/** Shapes of all parameters of a run, as text. */
async function shapesOf(config: RunConfig): Promise<string> {
  const { method } = await buildMethod(config, config.data.entries);
  const rng = new Zeros();
  const params = method.init(rng);
  const kept = { params, memory: method.initMemory?.(rng, params) ?? {} };
  return tree
    .entries<Tensor>(kept)
    .map(([path, { shape }]) => `${path}[${shape}]`)
    .join();
}
