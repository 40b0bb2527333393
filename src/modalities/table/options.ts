import * as z from "zod";

const names = z.array(z.string().min(1).max(1000)).max(10_000).default([]);
const probability = z.number().min(0).max(1);

/** How tables are read and augmented. */
export const TableOptions = z.object({
  leaveOut: names.describe("columns that are not read, by name"),
  categories: names.describe("columns whose numbers are names: postcodes, codes of products"),
  numbers: names.describe("columns that are numbers, whatever else is in them; texts among them are missing"),
  formulas: names.describe("columns that are chemical formulas, whatever else is in them; what is none is missing"),
  mostCategories: z
    .int()
    .min(2)
    .max(100_000)
    .default(1000)
    .describe("categories of a column, the most frequent; others are read as unknown"),
  columnsFrom: z
    .string()
    .optional()
    .describe("the columns.json of another run, to read columns as it does; by default they are learned from the data"),
  scale: z
    .enum(["standard", "quantile"])
    .default("quantile")
    .describe("numbers with mean 0 and deviation 1, or by their rank among the column's values"),
  corruption: z
    .union([probability, z.array(probability).min(1).max(1000)])
    .default([0.6, 0])
    .describe("probability that a column of a view has the value of another row, or one for each view"),
  perturbation: probability.default(0.1).describe("the same for lightly changed views"),
});

export type TableOptions = z.infer<typeof TableOptions>;
