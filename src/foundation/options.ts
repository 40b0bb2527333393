import * as z from "zod";
import { UserError } from "./errors.ts";

/** An option of a schema as a command-line flag. */
export interface Flag {
  /** Key in the schema: `projectionDim`. */
  readonly key: string;
  /** Name on the command line, without dashes: `projection-dim`. */
  readonly name: string;
  readonly description: string;
  /** A switch takes no value: `--nesterov`, `--no-nesterov`. */
  readonly isSwitch: boolean;
  readonly defaultValue: unknown;
  /** Allowed values, in words: `a whole number above 0`. */
  readonly allowed: string;
  /** Parses a value by the schema. @throws UserError naming the flag, the text and the allowed values */
  parse(text: string | boolean): unknown;
}

/** The part of zod's JSON Schema that help texts use. */
const Property = z.object({
  type: z.string().optional(),
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  prefixItems: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
});
type Property = z.infer<typeof Property>;

/** `projectionDim` → `projection-dim`. */
export const kebab = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The flags of a schema's options, in the order of the schema. */
export function flagsOf(schema: z.ZodObject): Flag[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.entries(properties).map(([key, json]) => {
    const property = Property.parse(json);
    const name = kebab(key);
    const allowed = inWords(property);
    const field: unknown = schema.shape[key];
    return {
      key,
      name,
      description: property.description ?? "",
      isSwitch: property.type === "boolean",
      defaultValue: property.default,
      allowed,
      parse(text) {
        if (field instanceof z.ZodType)
          for (const candidate of candidates(text)) {
            const parsed = field.safeParse(candidate);
            if (parsed.success) return parsed.data;
          }
        throw new UserError(`--${this.name} ${text}: must be ${allowed}`);
      },
    };
  });
}

/** Possible values of a command-line text, the most specific first; the schema decides. */
function candidates(text: string | boolean): unknown[] {
  if (typeof text === "boolean") return [text];
  const one = (part: string): string | number =>
    part.trim() !== "" && Number.isFinite(Number(part)) ? Number(part) : part;
  const list = text.split(",");
  return [one(text), text, ...(text === "true" ? [true] : text === "false" ? [false] : []), list.map(one), list];
}

/** Allowed values of an option that takes any string. */
export const ANY_TEXT = "any text";

/** Allowed values in words: `a whole number above 0`, `one of adamw, sgd, lars`, `2 values with commas between, …`. */
function inWords(property: Property): string {
  if (property.enum) return `one of ${property.enum.join(", ")}`;
  if (property.const !== undefined) return String(property.const);
  if (property.anyOf) {
    const parts = property.anyOf.map((part) => Property.parse(part));
    const words = parts.map(inWords);
    return parts.every((part) => part.const !== undefined) ? `one of ${words.join(", ")}` : words.join(", or ");
  }
  if (property.type === "boolean") return "true or false";
  if (property.type === "array") {
    const count =
      property.prefixItems?.length ?? (property.minItems === property.maxItems ? property.minItems : undefined);
    const item = Property.safeParse(property.prefixItems?.[0] ?? property.items);
    const each = item.success ? inWords(item.data) : "values";
    return `${count ?? "several"} values with commas between, each ${each}`;
  }
  if (property.type !== "number" && property.type !== "integer") return ANY_TEXT;
  // zod bounds every integer by the safe integers; that is not a limit of the option.
  const limit = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
  const [above, least] = [limit(property.exclusiveMinimum), limit(property.minimum)];
  const [below, most] = [limit(property.exclusiveMaximum), limit(property.maximum)];
  const bounds = [
    ...(above !== undefined ? [`above ${above}`] : least !== undefined ? [`of at least ${least}`] : []),
    ...(below !== undefined ? [`below ${below}`] : most !== undefined ? [`at most ${most}`] : []),
  ];
  return [property.type === "integer" ? "a whole number" : "a number", bounds.join(" and ")].filter(Boolean).join(" ");
}

/** The name most similar to a mistyped word, if one is near. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const near = names
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= Math.max(2, Math.floor(word.length / 3)) ? near.candidate : undefined;
}

/** Levenshtein distance: insertions, deletions and substitutions. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[to.length]!;
}
