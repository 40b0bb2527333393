import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { allocate, sizeOf, type Tensor, type TensorSpec } from "../../array/index.ts";
import type { TensorRecord } from "../../data/modality.ts";
import { type OnnxFile, openOnnx } from "../../engine/index.ts";
import { messageOf, UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { unsealed } from "../../interop/onnx-seal.ts";
import { plainPublisher } from "../../interop/plain.ts";
import type { Publisher } from "../../interop/publisher.ts";
import type { FrozenFile } from "../../methods/index.ts";
import type { Parts } from "./parts.ts";

/** Whether a path is that of a model for ONNX Runtime. */
export const isOnnx = (path: string): boolean => path.toLowerCase().endsWith(".onnx");

/** Outputs with a vector for each sample, by the names that exporters give them; else the first of that shape. */
const GLOBAL = ["pooler_output", "sentence_embedding", "image_embeds", "embeddings", "features"];
/** Outputs with a vector for each token. */
const TOKENS = ["last_hidden_state", "hidden_states"];
/** Most tokens in front of the patches: class token and registers. */
const MOST_PREFIX = 16;

/** What is taken from a file's output. */
interface Reading {
  readonly output: string;
  readonly width: number;
  /** Rows of one sample to take, of tokens `[tokens, width]`; or the cells of a map `[width, ...extents]`. */
  readonly take: "vector" | "mean" | "map" | { readonly from: number; readonly count: number };
  readonly grid?: readonly number[];
}

/** Opened files by path and time of change: a run builds its method several times. */
const opened = new Map<string, Promise<OnnxFile>>();

async function openedOnce(path: string): Promise<OnnxFile> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const key = `${resolve(path)} ${info.mtimeMs} ${info.size}`;
  const open = async () => openOnnx(unsealed(await readFile(path), path));
  const opening = opened.get(key) ?? open();
  opened.set(key, opening);
  return opening.catch((error: unknown) => {
    opened.delete(key);
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: not a model that ONNX Runtime can run (${messageOf(error)})`);
  });
}

/**
 * Opens an ONNX file as a model that others learn from. It may be of any program: its inputs are told by their names, as in
 * exports of this library, or it has a single one; what it gives is told by the outputs' names and shapes on a first sample.
 * @throws UserError when it cannot be run, does not read such data, or gives no features
 */
export async function openFrozenFile(path: string, { modalityDefinition, modality }: Parts): Promise<FrozenFile> {
  const publisher = (await modalityDefinition.publish?.()) ?? plainPublisher;
  const file = await openedOnce(path);
  const run = async (batch: TensorRecord, outputs: readonly string[]): Promise<Record<string, Tensor>> => {
    const feeds = feedsOf(path, file, publisher, batch);
    return file.run(feeds, outputs).catch((error: unknown) => {
      throw new UserError(`${path}: does not read these ${modality.name} data (${messageOf(error)})`);
    });
  };
  const placeholder = Object.fromEntries(
    Object.entries(modality.specs).map(([name, { dtype, shape }]): [string, Tensor] => {
      const data = allocate(dtype, sizeOf(shape));
      // Tokens are there, not padding.
      if (dtype !== "float32") data.fill(1);
      return [name, { dtype, shape: [1, ...shape], data }];
    }),
  );
  const shapes = new Map<string, readonly number[]>();
  let failure: unknown;
  for (const name of file.outputNames) {
    // An output of another type is no feature.
    const found = await run(placeholder, [name]).catch((error: unknown) => {
      failure ??= error;
      return undefined;
    });
    if (found) shapes.set(name, found[name]!.shape);
  }
  if (shapes.size === 0 && failure !== undefined) throw failure;
  const patches = patchesOf(shapes, Object.values(modality.specs));
  const global = globalOf(shapes, patches);
  if (!global && !patches)
    throw new UserError(
      `${path}: gives no features of samples or patches; its outputs: ${[...shapes].map(([name, shape]) => `${name} [${shape}]`).join(", ")}`,
    );
  const readings = { ...(global ? { global } : {}), ...(patches ? { patches } : {}) };
  return {
    path,
    ...(global ? { global: global.width } : {}),
    ...(patches ? { patches: { width: patches.width, grid: patches.grid ?? [] } } : {}),
    async run(batch, wanted) {
      const chosen = wanted.flatMap((what): [typeof what, Reading][] =>
        readings[what] ? [[what, readings[what]]] : [],
      );
      const results = await run(batch, [...new Set(chosen.map(([, { output }]) => output))]);
      return Object.fromEntries(
        chosen.map(([what, reading]) => [what, taken(path, results[reading.output]!, reading)]),
      );
    },
  };
}

/** The file's inputs. */
function feedsOf(path: string, file: OnnxFile, publisher: Publisher, batch: TensorRecord) {
  const all = publisher.feeds(batch);
  const [only, second] = Object.values(all);
  const [name = ""] = file.inputNames;
  if (file.inputNames.length === 1 && !all[name] && only && !second) return { [name]: only };
  return Object.fromEntries(
    file.inputNames.map((input) => {
      const feed = all[input];
      if (feed) return [input, feed];
      throw new UserError(`${path}: needs input ${input}; these data have ${Object.keys(all).join(", ")}`);
    }),
  );
}

/** Features of patches: a map with as many axes as the samples have, or tokens that fill a grid of them. */
function patchesOf(shapes: ReadonlyMap<string, readonly number[]>, specs: readonly TensorSpec[]): Reading | undefined {
  const extents = specs.find(({ dtype, shape }) => dtype === "float32" && shape.length > 1)?.shape.slice(1);
  if (!extents) return undefined;
  const named = [...shapes].sort(([a], [b]) => Number(TOKENS.includes(b)) - Number(TOKENS.includes(a)));
  for (const [output, [, first = 0, ...rest]] of named) {
    if (rest.length === extents.length && extents.length > 1 && first > 1)
      return { output, width: first, grid: rest, take: "map" };
    const [width] = rest;
    const grid = rest.length === 1 ? gridOf(first, extents) : undefined;
    if (!grid || !width) continue;
    const count = sizeOf(grid);
    return { output, width, grid, take: { from: first - count, count } };
  }
  return undefined;
}

/** The grid of square patches that some tokens fill but for a few in front. */
function gridOf(tokens: number, extents: readonly number[]): readonly number[] | undefined {
  for (let patch = 1; patch <= Math.min(...extents); patch++) {
    if (extents.some((extent) => extent % patch !== 0)) continue;
    const grid = extents.map((extent) => extent / patch);
    const prefix = tokens - sizeOf(grid);
    if (prefix >= 0 && prefix <= MOST_PREFIX && sizeOf(grid) > 1) return grid;
  }
  return undefined;
}

/** Features of samples: an output of vectors, or else the class token, the tokens' mean or the map's. */
function globalOf(shapes: ReadonlyMap<string, readonly number[]>, patches: Reading | undefined): Reading | undefined {
  const vectors = [...shapes].filter(([, shape]) => shape.length === 2);
  const [output, shape] = vectors.find(([name]) => GLOBAL.includes(name)) ?? vectors[0] ?? [];
  if (output !== undefined && shape) return { output, width: shape[1]!, take: "vector" };
  if (patches) {
    const { take } = patches;
    const hasClass = typeof take === "object" && take.from > 0;
    return { output: patches.output, width: patches.width, take: hasClass ? { from: 0, count: 1 } : "mean" };
  }
  const tokens = [...shapes].find(([name, { length }]) => TOKENS.includes(name) && length === 3);
  return tokens && { output: tokens[0], width: tokens[1][2]!, take: "mean" };
}

/** Takes a reading's part of an output: `[batch, width]`, or of patches `[batch, patches, width]`. */
function taken(path: string, { data, shape }: Tensor, { width, take, grid }: Reading): Tensor {
  if (!(data instanceof Float32Array) || !data.every(Number.isFinite))
    throw new UserError(`${path}: gives features that are not finite (NaN or infinite)`);
  const [batch = 0, ...rest] = shape;
  const size = sizeOf(rest);
  // Of a map, values lie channel by channel.
  const isMap = rest.length > 2 || take === "map";
  const rows = take === "vector" ? 1 : size / width;
  const { from, count } = typeof take === "object" ? take : { from: 0, count: rows };
  const values = new Float32Array(batch * count * width);
  for (let sample = 0; sample < batch; sample++)
    for (let row = 0; row < count; row++)
      for (let value = 0; value < width; value++)
        values[(sample * count + row) * width + value] =
          data[sample * size + (isMap ? value * rows + row : (from + row) * width + value)]!;
  if (take === "mean") {
    const means = new Float32Array(batch * width);
    values.forEach((value, at) => {
      means[Math.floor(at / (count * width)) * width + (at % width)]! += value / count;
    });
    return { dtype: "float32", shape: [batch, width], data: means };
  }
  return { dtype: "float32", shape: grid ? [batch, count, width] : [batch, width], data: values };
}
