import * as z from "zod";
import type { RunFiles } from "../../data/modality.ts";
import { UserError } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/json.ts";

export const FILE = "experience.json";

const numbers = z.array(z.number()).max(2 ** 20);
const deviations = z.array(z.number().positive()).max(2 ** 20);

const Vector = z.object({
  name: z.string(),
  size: z
    .int()
    .positive()
    .max(2 ** 20),
});
const Image = z.object({
  ...{ name: z.string(), channels: z.union([z.literal(1), z.literal(3)]) },
  ...{ height: z.int().positive().max(16_384), width: z.int().positive().max(16_384) },
  ...{ levels: z.number().positive(), low: z.number(), high: z.number() },
});

/** What is learned of a recording once: what the encoder reads, what an action is, and their means and deviations. */
export const Learned = z.object({
  /** One image, or vectors that are joined. */
  image: Image.optional(),
  vectors: z.array(Vector).max(64),
  /** Of the channels of the image, or of the joined numbers. */
  mean: numbers,
  std: deviations,
  action: z.object({
    size: z
      .int()
      .positive()
      .max(2 ** 20),
    choices: z.int().positive().max(100_000).optional(),
    names: z.array(z.string()),
    ...{ low: numbers, high: numbers, mean: numbers, std: deviations },
  }),
});
export type Learned = z.infer<typeof Learned>;

/** @throws UserError when a run's files have none */
export function learnedIn(files: RunFiles | undefined): Learned {
  const text = files?.[FILE];
  if (text === undefined) throw new UserError(`${FILE}: missing; it says what the encoder reads of experience`);
  const parsed = Learned.safeParse(parseJson(text, FILE));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(`${FILE}: damaged: ${issue?.path.join(".")}: ${issue?.message}`);
}
