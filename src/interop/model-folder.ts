import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Tensor } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { codeOf, fileError, isFile } from "../foundation/files.ts";
import { parseJson } from "../foundation/json.ts";
import { readSafetensors, readSpecs } from "./safetensors.ts";

/** Names of a model's weights in Hugging Face's format: in one file, or listed in an index of several. */
export const WEIGHTS = "model.safetensors";
export const WEIGHTS_INDEX = "model.safetensors.index.json";

const Index = z.looseObject({
  weight_map: z.record(
    z.string(),
    z.string().regex(/^\w[\w.-]*\.safetensors$/, "must be the name of a file beside it"),
  ),
});

/**
 * The files of a model whose weights are in several.
 * @throws UserError when the index cannot be read or names a file elsewhere
 */
export async function shardsIn(folder: string): Promise<string[] | undefined> {
  const file = join(folder, WEIGHTS_INDEX);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(file, "read", error);
  });
  if (text === undefined) return undefined;
  const parsed = Index.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${file}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return [...new Set(Object.values(parsed.data.weight_map))].sort();
}

/** Whether a folder's files are those of a model in Hugging Face's format. */
export const isModel = (names: readonly string[]): boolean => names.includes(WEIGHTS) || names.includes(WEIGHTS_INDEX);

/** The object in one of a model's JSON files; empty when there is no such file. @throws UserError when it is none */
export async function jsonIn(folder: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const file = join(folder, name);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return "{}";
    throw fileError(file, "read", error);
  });
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(text, file));
  if (!parsed.success) throw new UserError(`${file}: not an object`);
  return parsed.data;
}

/** Names of a model's weights, of the files' headers alone. @throws UserError when one is damaged */
export async function weightNames(folder: string): Promise<string[]> {
  const files = (await isFile(join(folder, WEIGHTS))) ? [WEIGHTS] : ((await shardsIn(folder)) ?? [WEIGHTS]);
  const specs = await Promise.all(files.map((file) => readSpecs(join(folder, file))));
  return specs.flatMap((each) => [...each.keys()]);
}

/**
 * Reads the weights of a model in Hugging Face's format: `model.safetensors`, or all files of its index.
 * @param isWanted selects tensors
 * @returns the tensors by name, and the file to name in messages
 * @throws UserError when there is none, or one is damaged
 */
export async function readModel(
  folder: string,
  isWanted?: (name: string) => boolean,
): Promise<{ readonly tensors: ReadonlyMap<string, Tensor>; readonly file: string }> {
  const whole = join(folder, WEIGHTS);
  const shards = (await isFile(whole)) ? undefined : await shardsIn(folder);
  if (!shards) return { tensors: (await readSafetensors(whole, isWanted)).tensors, file: whole };
  const tensors = new Map<string, Tensor>();
  for (const shard of shards)
    for (const [name, tensor] of (await readSafetensors(join(folder, shard), isWanted)).tensors)
      tensors.set(name, tensor);
  return { tensors, file: join(folder, WEIGHTS_INDEX) };
}
