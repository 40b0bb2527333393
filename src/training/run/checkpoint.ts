import { join } from "node:path";
import { crc32c } from "@node-rs/crc32";
import * as z from "zod";
import { type Tensor, tree } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { writeAtomically } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";
import { readSafetensors, writeSafetensors } from "../../interop/safetensors.ts";
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

/** Writes `last`, and `best` when the loss is the lowest so far. At any moment each file is complete, the old or the new one. */
export async function saveCheckpoint(
  run: string,
  state: HostState,
  position: Position,
  isBest: boolean,
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
    await writeSafetensors(checkpointPath(run, which), tensors, {
      position: written,
      digest: digestOf(tensors, written),
    });
    const summary = `${JSON.stringify({ step, epoch, loss }, null, 2)}\n`;
    await writeAtomically(join(run, "checkpoints", `${which}.json`), [summary]);
  }
}

/** SHA-256 of the tensors with their names, in order, and of the position. */
function digestOf(tensors: Iterable<readonly [name: string, tensor: Tensor]>, position: string): string {
  let digest = crc32c(position);
  for (const [name, { data }] of tensors)
    digest = crc32c(Buffer.from(data.buffer, data.byteOffset, data.byteLength), crc32c(name, digest));
  return digest.toString(16).padStart(8, "0");
}

/** @throws UserError when the checkpoint is missing, corrupt, or of another shape than `expected` */
export async function loadCheckpoint(
  path: string,
  expected?: HostState,
): Promise<{ state: HostState; position: Position }> {
  const { tensors, metadata } = await readSafetensors(path);
  const position = Position.safeParse(parseTornJson(metadata.position ?? ""));
  if (!position.success) throw new UserError(`${path}: not a checkpoint of a run (no training step in its header)`);
  if (metadata.digest !== digestOf(tensors, metadata.position ?? ""))
    throw new UserError(`${path}: damaged: its content is not what was written (the digest differs)`);
  const group = (name: (typeof groups)[number]) =>
    tree.fromEntries(
      [...tensors].flatMap(([key, leaf]): [string, Tensor][] =>
        key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), leaf]] : [],
      ),
    );
  if (!expected) {
    const state = { params: group("params"), optimizer: {}, memory: group("memory"), ema: group("ema") };
    return { state, position: position.data };
  }
  // The structure comes from the method, the values from the file.
  const fill = (name: (typeof groups)[number]) =>
    tree.map<Tensor, Tensor>(expected[name], (leaf, path_) => {
      const found = tensors.get(`${name}.${path_}`);
      if (!found || found.shape.join() !== leaf.shape.join())
        throw new UserError(
          `${path}: ${name}.${path_} is missing or of another shape; the run's config.json has changed`,
        );
      return found;
    });
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
