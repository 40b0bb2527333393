import type * as z from "zod";
import type { Options } from "../choices.ts";

/**
 * Sources of an option's value, highest precedence first. Where a source has no value, or `undefined`, the next one
 * decides; an option without any value has its schema's default.
 */
export const PRECEDENCE = [
  /** `--temperature 0.2`. */
  "user",
  /** `--preset`: the method's settings of that name. */
  "preset",
  /** `--preset small`: the modality's part of it. */
  "small",
  /** What the method always requires of its encoder or of the data: a class token, texts that are not packed. */
  "method",
  /** `--from`: the run or model that training starts from. */
  "start",
  /** Inferred from the data. */
  "data",
  /** The paper's training recipe. */
  "recipe",
] as const;

/** The values from each source. */
export type Sources = Readonly<Partial<Record<(typeof PRECEDENCE)[number], Options | undefined>>>;

/**
 * Merges the sources: each option from the first source that has it.
 * @param replaced by option, others that a source with this option takes from the sources below it
 */
export function decide(sources: Sources, replaced: Readonly<Record<string, readonly string[]>> = {}): Options {
  const decided: Record<string, unknown> = {};
  const gone = new Set<string>();
  for (const source of PRECEDENCE) {
    const values = Object.entries(sources[source] ?? {}).filter(([, value]) => value !== undefined);
    for (const [option, value] of values)
      if (decided[option] === undefined && !gone.has(option)) decided[option] = value;
    for (const [option] of values) for (const other of replaced[option] ?? []) gone.add(other);
  }
  return decided;
}

/** The options that a schema has; presets also hold options of other encoders and modalities. */
export const pickKnown = (schema: z.ZodObject, options: Options = {}): Options =>
  Object.fromEntries(Object.entries(options).filter(([option]) => Object.hasOwn(schema.shape, option)));
