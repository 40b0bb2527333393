import type * as z from "zod";
import type { Options } from "../choices.ts";

/**
 * Who may decide an option, the first to be heard first. What nobody decides has its schema's default; what says nothing
 * about an option, or `undefined`, leaves it to those below.
 */
export const PRECEDENCE = [
  /** `--temperature 0.2`. */
  "user",
  /** `--preset`: the method's settings of that name. */
  "preset",
  /** `--preset small`: what the kind of data adds to it. */
  "small",
  /** What the method asks of its encoder or of the data in any run: a class token, texts that are not packed. */
  "method",
  /** `--from`: the run or model that training begins with. */
  "start",
  /** What a look at the data suggests. */
  "data",
  /** The paper's recipe of training. */
  "recipe",
] as const;

/** What each of them says. */
export type Said = Readonly<Partial<Record<(typeof PRECEDENCE)[number], Options | undefined>>>;

/** Every option that anybody decides, as the first to be heard decides it. */
export function decide(said: Said): Options {
  const decided: Record<string, unknown> = {};
  for (const who of PRECEDENCE)
    for (const [option, value] of Object.entries(said[who] ?? {}))
      if (decided[option] === undefined) decided[option] = value;
  return decided;
}

/** What of some options a schema has: a method or preset speaks to many encoders and kinds of data. */
export const known = (schema: z.ZodObject, options: Options = {}): Options =>
  Object.fromEntries(Object.entries(options).filter(([option]) => Object.hasOwn(schema.shape, option)));
