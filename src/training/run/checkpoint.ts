import { join } from "node:path";
import * as z from "zod";
import {
  OverAllowance,
  sizeOf,
  type Tensor,
  type TensorSpec,
  type Tree,
  tree,
  withAllowance,
} from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { writeAtomically } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";
import { readSafetensors, readSpecs, writeSafetensors } from "../../interop/safetensors.ts";
import type { HostState } from "../step.ts";

/** The schema of `Mastery`. */
const Mastery = z.object({
  stage: z.int().nonnegative(),
  next: z.object({ stage: z.int(), at: z.int() }).nullable(),
  count: z.int().nonnegative(),
  sum: z.number(),
  previous: z.number().nullable(),
});

/** Position of a run; stored in the checkpoint, so that weights and counters always agree. */
export const Position = z.object({
  /** Steps done. */
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  /** Exponential average of the loss, for choosing the best checkpoint. */
  smoothedLoss: z.number().nullable(),
  /** Lowest smoothed loss at a checkpoint so far. */
  bestLoss: z.number().nullable(),
  /** Sums since the last row of metrics.jsonl. */
  pending: z.object({ count: z.int().nonnegative(), sums: z.record(z.string(), z.number()) }),
  /** Of fine-tuning: the best validation score so far, and the epochs since. */
  validation: z.object({ score: z.number(), loss: z.number(), sinceBest: z.int().nonnegative() }).optional(),
  /** State of competence curricula, by option. */
  mastery: z.record(z.string(), Mastery).optional(),
});
export type Position = z.infer<typeof Position>;

const groups = ["params", "optimizer", "memory", "ema"] as const;

export const checkpointPath = (run: string, which: "last" | "best"): string =>
  join(run, "checkpoints", `${which}.safetensors`);

/**
 * Writes `last`, and `best` when the loss is the lowest so far. At any moment each file is complete, the old or the new one.
 * @param ready is called before a file takes the place of the old one, which stays if it throws
 */
export async function saveCheckpoint(
  run: string,
  state: HostState,
  position: Position,
  isBest: boolean,
  ready?: () => Promise<void>,
): Promise<void> {
  const tensors = groups.flatMap((group) =>
    tree
      .entries<Tensor>(state[group])
      .flatMap(([path, leaf]): [string, Tensor][] => (path ? [[`${group}.${path}`, leaf]] : [])),
  );
  const { step, epoch, smoothedLoss: loss } = position;
  const written = JSON.stringify(position);
  // `last` is written last: a run killed in between repeats the step and writes `best` again.
  for (const which of isBest ? (["best", "last"] as const) : (["last"] as const)) {
    await writeSafetensors(checkpointPath(run, which), tensors, { position: written }, ready);
    const summary = `${JSON.stringify({ step, epoch, loss }, null, 2)}\n`;
    await writeAtomically(join(run, "checkpoints", `${which}.json`), [summary], ready);
  }
}

/** Tensors' types and shapes by path, as a checkpoint's header has them. */
export type Specs = ReadonlyMap<string, TensorSpec>;

const inWords = (spec: TensorSpec | undefined) => (spec ? `${spec.dtype} [${spec.shape}]` : "missing");

/**
 * Makes the tensors that a configuration asks for, if a file has them: sizes in a `config.json` may be anything.
 * @param make only the shapes count; `Zeros` makes them at no cost
 * @throws UserError when the configuration asks for others than the file has, before they are allocated
 */
export function askedOf<Asked extends Tree<Tensor>>(
  path: string,
  prefix: string,
  specs: Specs,
  make: () => Asked,
): Asked {
  const held = [...specs.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  let asked: Asked;
  try {
    // What is made on the way, such as a weight that is then copied, counts too.
    asked = withAllowance(2 * held + 2 ** 20, make);
  } catch (error) {
    if (!(error instanceof OverAllowance)) throw error;
    throw new UserError(
      `${path}: has ${held} numbers, and the run's config.json asks for more; one of them has changed`,
    );
  }
  for (const [name, spec] of tree.entries<Tensor>(asked)) {
    if (!name) continue;
    const found = specs.get(`${prefix}${name}`);
    if (inWords(found) !== inWords(spec))
      throw new UserError(
        `${path}: ${prefix}${name} is ${inWords(found)}, and the run's config.json asks for ${inWords(spec)}; one of them has changed`,
      );
  }
  return asked;
}

/**
 * @param expected makes a state of the shapes that the run asks for; they are compared before anything is read
 * @throws UserError when the checkpoint is missing, damaged, of other shapes, or has parameters that are not finite
 */
export async function loadCheckpoint(
  path: string,
  expected?: () => HostState,
): Promise<{ state: HostState; position: Position }> {
  const structure = expected && askedOf(path, "", await readSpecs(path), expected);
  const { tensors, metadata, isSealed } = await readSafetensors(path);
  const position = Position.safeParse(parseTornJson(metadata.position ?? ""));
  if (!position.success || !isSealed)
    throw new UserError(`${path}: not a checkpoint of a run (no training step or digest in its header)`);
  for (const [name, { data }] of tensors)
    if (/^(params|ema)\./.test(name) && !data.every(Number.isFinite))
      throw new UserError(`${path}: ${name} has values that are not finite (NaN or infinite)`);
  const group = (name: (typeof groups)[number]) =>
    tree.fromEntries(
      [...tensors].flatMap(([key, leaf]): [string, Tensor][] =>
        key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), leaf]] : [],
      ),
    );
  if (!structure) {
    const state = { params: group("params"), optimizer: {}, memory: group("memory"), ema: group("ema") };
    return { state, position: position.data };
  }
  // The structure comes from the method, the values from the file.
  const fill = (name: (typeof groups)[number]) =>
    tree.map<Tensor, Tensor>(structure[name], (_, leaf) => tensors.get(`${name}.${leaf}`)!);
  return {
    state: {
      params: fill("params"),
      optimizer: fill("optimizer") as HostState["optimizer"],
      memory: fill("memory"),
      ema: fill("ema"),
    },
    position: position.data,
  };
}
