import * as z from "zod";
import type { RunFiles } from "../../../data/modality.ts";
import { shortened } from "../../../foundation/printable.ts";

/** The file of the run that says what the columns are. */
export const FILE = "columns.json";

const Moments = {
  mean: z.number(),
  std: z.number().positive(),
  median: z.number(),
  /** Values at equal steps of rank, from the least to the greatest. */
  quantiles: z.array(z.number()).min(2).max(1001),
};
const Shared = {
  name: z.string(),
  /** Share of the rows in which it is. */
  missing: z.number().min(0).max(1),
  /** Values of random rows, in an order of its own: null where one is missing. Views draw from them. */
  marginal: z
    .array(z.union([z.string(), z.number(), z.null()]))
    .max(100_000)
    .default([]),
};

/** One column that is read. */
const LearnedColumn = z.discriminatedUnion("type", [
  z.object({ type: z.literal("number"), ...Shared, ...Moments }),
  /** In seconds since 1970; `hours` says whether they have times of day. */
  z.object({ type: z.literal("date"), ...Shared, ...Moments, hours: z.boolean() }),
  z.object({
    type: z.literal("category"),
    ...Shared,
    categories: z.array(z.object({ value: z.string(), count: z.int().nonnegative() })).max(100_000),
  }),
  /** Chemical formulas: of each descriptor that is not the same for all of them, by its name. */
  z.object({
    type: z.literal("formula"),
    ...Shared,
    descriptors: z
      .array(z.object({ name: z.string(), ...Moments }))
      .min(1)
      .max(1000),
  }),
]);
export type LearnedColumn = z.infer<typeof LearnedColumn>;

export const Learned = z.object({
  /** Rows that were looked at. */
  rows: z.int().positive(),
  columns: z.array(LearnedColumn).min(1).max(100_000),
  leftOut: z.array(z.object({ name: z.string(), why: z.string() })),
});
export type Learned = z.infer<typeof Learned>;

export const toFile = (learned: Learned): RunFiles => ({ [FILE]: `${JSON.stringify(learned)}\n` });

/** What a run learned of its columns. */
export function learnedIn(files: RunFiles | undefined): Learned {
  const text = files?.[FILE];
  if (text === undefined) throw new Error(`no ${FILE}: what the columns of a table are is learned from the data`);
  return Learned.parse(JSON.parse(text));
}

/** The same without values of single rows, for those who are given a model. */
export const withoutMarginals = (learned: Learned): Learned => ({
  ...learned,
  columns: learned.columns.map((column) => ({ ...column, marginal: [] })),
});

/** Names in a message. */
const LISTED = 8;

/** Names of columns in a message, and how many more there are. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, LISTED).map((name) => shortened(name));
  return `${some.join(", ")}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ""}`;
}
