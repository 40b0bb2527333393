import { open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Team } from "../../agents/team.ts";
import { float32, type Tensor, type Tree, type TreeRecord, tree, Zeros } from "../../array/index.ts";
import type { Observation } from "../../environments/space.ts";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError } from "../../foundation/files.ts";
import { parseTornJson } from "../../foundation/json.ts";
import { readSafetensors, readSpecs, writeSafetensors } from "../../interop/safetensors.ts";
import { askedOf, checkpointPath } from "../run/checkpoint.ts";
import type { NamedState } from "./state.ts";

/** Running sums of the bonus, by whose deviation it is divided. */
export const BonusStatistics = z.object({ sum: z.number(), count: z.number(), mean: z.number(), squares: z.number() });
export type BonusStatistics = z.infer<typeof BonusStatistics>;

/** Where a run stands; stored in the checkpoint, so that weights, counters and the environment always agree. */
export const Position = z.object({
  step: z.int().nonnegative(),
  updates: z.int().nonnegative(),
  /** Episodes begun. */
  episode: z.int().nonnegative(),
  /** Of the episode under way. */
  episodeReturn: z.number(),
  episodeLength: z.int().nonnegative(),
  /** Rows and transitions of the memory so far; rows in the file. */
  rows: z.int().nonnegative(),
  transitions: z.int().nonnegative(),
  written: z.int().nonnegative(),
  /** The largest priority. */
  largest: z.number(),
  bonus: BonusStatistics,
  /** Sums since the last row of metrics.jsonl. */
  pending: z.record(z.string(), z.object({ sum: z.number(), count: z.int() })),
});
export type Position = z.infer<typeof Position>;

export interface Saved extends NamedState {
  readonly position: Position;
  readonly priorities: Float32Array;
  /** The environment within the episode under way, and what is seen of it. */
  readonly world: Float64Array;
  readonly observation: Observation;
}

export const agentCheckpoint = (run: string): string => checkpointPath(run, "last");
const experienceFile = (run: string): string => join(run, "experience.f32");

const words = (values: Float64Array): Tensor => ({
  dtype: "uint32",
  shape: [values.length * 2],
  data: new Uint32Array(Float64Array.from(values).buffer),
});

/** Writes a checkpoint atomically. @param ready is called before it takes the place of the old one, which stays if it throws */
export async function saveAgent(run: string, saved: Saved, ready: () => Promise<void>): Promise<void> {
  const { position, priorities, world, observation } = saved;
  const named = (name: string, values: TreeRecord<Tensor>) =>
    tree.entries<Tensor>(values).map(([path, leaf]): [string, Tensor] => [`${name}.${path}`, leaf]);
  const tensors: [string, Tensor][] = [
    ...named("params", saved.params),
    ...named("memory", saved.memory),
    ...named("first", saved.first),
    ...named("second", saved.second),
    ["priorities", float32(priorities, [priorities.length])],
    ["world", words(world)],
    ...Object.entries(observation).map(([name, values]): [string, Tensor] => [
      `observation.${name}`,
      float32(values, [values.length]),
    ]),
  ];
  const kept = tensors.filter(([, { data }]) => data.length > 0);
  await writeSafetensors(agentCheckpoint(run), kept, { position: JSON.stringify(position) }, ready);
}

/** @throws UserError when there is none, or it is damaged */
export async function loadAgent(run: string): Promise<Saved> {
  const path = agentCheckpoint(run);
  const { tensors, metadata, isSealed } = await readSafetensors(path);
  const position = Position.safeParse(parseTornJson(metadata.position ?? ""));
  if (!position.success || !isSealed)
    throw new UserError(`${path}: not a checkpoint of an agent (no step or digest in its header)`);
  const branch = (name: string): TreeRecord<Tensor> => {
    const found = [...tensors].flatMap(([key, leaf]): [string, Tensor][] =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), leaf]] : [],
    );
    return tree.fromEntries(found) as TreeRecord<Tensor>;
  };
  for (const [name, { data }] of tensors)
    if (name.startsWith("params.") && !data.every(Number.isFinite))
      throw new UserError(`${path}: ${name} has values that are not finite (NaN or infinite)`);
  const observation = Object.fromEntries(
    Object.entries(branch("observation")).map(([name, leaf]) => [name, Float32Array.from((leaf as Tensor).data)]),
  );
  return {
    position: position.data,
    params: branch("params"),
    memory: branch("memory"),
    first: branch("first"),
    second: branch("second"),
    priorities: Float32Array.from(tensors.get("priorities")?.data ?? []),
    world: new Float64Array(Uint32Array.from(tensors.get("world")?.data ?? []).buffer),
    observation,
  };
}

/**
 * Compares the parameters that a configuration asks for with those of the checkpoint, before memory is asked for.
 * @throws UserError when they are others: one of the files has changed
 */
export async function assertAsked(run: string, { init }: Pick<Team, "init">): Promise<void> {
  const path = agentCheckpoint(run);
  askedOf(path, "params.", await readSpecs(path), () => init(new Zeros()));
}

/**
 * Fills a structure with the leaves of a file.
 * @throws UserError when they are others than the run's configuration asks for
 */
export function filled<Of extends Tree<Tensor>>(path: string, structure: Of, found: Tree<Tensor>): Of {
  const byPath = new Map(tree.entries<Tensor>(found));
  return tree.map<Tensor, Tensor>(structure, (spec, name) => {
    const leaf = byPath.get(name);
    if (leaf?.dtype === spec.dtype && leaf.shape.join() === spec.shape.join()) return leaf;
    throw new UserError(
      `${path}: ${name} is ${leaf ? `${leaf.dtype} [${leaf.shape}]` : "missing"}, and the run's config.json asks for ${spec.dtype} [${spec.shape}]; one of them has changed`,
    );
  }) as Of;
}

/** Appends rows of experience, synced. @param start rows that the file has before them */
export async function appendExperience(run: string, rows: Float32Array, start: number, width: number): Promise<void> {
  const path = experienceFile(run);
  const failed = (error: unknown) => {
    throw fileError(path, "written", error);
  };
  const file = await open(path, start === 0 ? "w" : "r+").catch(failed);
  try {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    await file.write(bytes, 0, bytes.length, start * width * 4);
    await file.sync();
  } catch (error) {
    failed(error);
  } finally {
    await file.close();
  }
}

/**
 * The last rows of experience that a checkpoint knows of; what a killed process wrote after them is cut off.
 * @param capacity rows to read at most
 * @throws UserError when the file is missing or shorter
 */
export async function readExperience(
  run: string,
  written: number,
  width: number,
  capacity: number,
): Promise<{ rows: Float32Array; before: number }> {
  const path = experienceFile(run);
  const size = await stat(path).then(
    (info) => info.size,
    (error: unknown) => {
      if (codeOf(error) === "ENOENT") return 0;
      throw fileError(path, "read", error);
    },
  );
  const wanted = written * width * 4;
  if (size < wanted)
    throw new UserError(
      `${path}: has ${size} bytes, and the checkpoint was made with ${wanted}; it was cut off or replaced`,
    );
  if (size > wanted) await truncate(path, wanted);
  const count = Math.min(written, capacity);
  const rows = new Float32Array(count * width);
  if (count === 0) return { rows, before: 0 };
  const file = await open(path, "r");
  try {
    const bytes = new Uint8Array(rows.buffer);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, (written - count) * width * 4 + at);
      if (bytesRead === 0) throw new UserError(`${path}: was cut off while it was read`);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return { rows, before: written - count };
}
