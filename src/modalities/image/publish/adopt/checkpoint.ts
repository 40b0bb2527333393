import { join } from "node:path";
import type * as z from "zod";
import { filled, type Tensor } from "../../../../array/index.ts";
import { UserError } from "../../../../foundation/errors.ts";
import { jsonIn, readModel } from "../../../../interop/model-folder.ts";

/** Weights of a published model, which are checked as they are asked for. */
export interface Weights {
  /** Path of their file, for messages. */
  readonly file: string;
  has(name: string): boolean;
  /**
   * A tensor of this shape, or one that has the same with further axes of extent 1.
   * @throws UserError when it is missing, of another shape or type, or has values that are not finite
   */
  at(name: string, shape: readonly number[]): Tensor;
  /** The same, or zeros where there is none: a bias that the model does without. */
  orZeros(name: string, shape: readonly number[]): Tensor;
  /** Extents of a tensor. @throws UserError when it is missing */
  shapeOf(name: string): readonly number[];
  /** The same weights under the names that follow the first of these prefixes that one begins with, if one does. */
  under(...prefixes: readonly string[]): Weights;
  /**
   * Refuses weights that were not asked for: the model has a part that would be left out.
   * @param useless names of parts that an encoder does not need
   */
  refuseOthers(useless: RegExp): void;
}

/** Extents but those of 1. */
const long = (shape: readonly number[]): string => shape.filter((extent) => extent !== 1).join();

/** Weights by name, of a file that is named in messages. */
export function weightsOf(tensors: ReadonlyMap<string, Tensor>, file: string): Weights {
  const asked = new Set<string>();
  const view = (prefix: string): Weights => {
    const find = (name: string): Tensor => {
      const found = tensors.get(prefix + name);
      if (!found) throw new UserError(`${file}: has no ${prefix}${name}`);
      return found;
    };
    const weights: Weights = {
      file,
      has: (name) => tensors.has(prefix + name),
      shapeOf: (name) => find(name).shape,
      at(name, shape) {
        const found = find(name);
        asked.add(prefix + name);
        if (found.dtype !== "float32" || long(found.shape) !== long(shape))
          throw new UserError(
            `${file}: ${prefix}${name} is ${found.dtype} [${found.shape}]; the model's configuration asks for float32 [${shape}]`,
          );
        if (!found.data.every(Number.isFinite))
          throw new UserError(`${file}: ${prefix}${name} has values that are not finite (NaN or infinite)`);
        return { ...found, shape };
      },
      orZeros: (name, shape) => (weights.has(name) ? weights.at(name, shape) : filled(shape, 0)),
      under: (...prefixes) =>
        view(
          prefix + (prefixes.find((one) => [...tensors.keys()].some((name) => name.startsWith(prefix + one))) ?? ""),
        ),
      refuseOthers(useless) {
        const other = [...tensors.keys()].find((name) => !asked.has(name) && !useless.test(name));
        if (other !== undefined)
          throw new UserError(
            `${file}: has ${other}, which the encoder has no place for; the model is of another kind`,
          );
      },
    };
    return weights;
  };
  return view("");
}

/** A folder with a model: what its configuration says, unchecked, and its weights. */
export interface Checkpoint {
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Weights;
  /** Names of all weights. */
  readonly names: readonly string[];
}

/** Weights of heads that classify, and numbers that PyTorch keeps beside weights: of no use here. */
export const HEADS =
  /(^|\.)(classifier|head|heads|head_dist|fc|pooler|cls_classifier|distillation_classifier)\.|position_ids$|num_batches_tracked$/;

/** @throws UserError when the weights cannot be read */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const { tensors, file } = await readModel(folder, (name) => !/(position_ids|num_batches_tracked)$/.test(name));
  return {
    folder,
    config: await jsonIn(folder, "config.json"),
    weights: weightsOf(tensors, file),
    names: [...tensors.keys()],
  };
}

/** A configuration checked by a schema. @throws UserError naming the first field that is wrong */
export function settled<Schema extends z.ZodType>(schema: Schema, config: unknown, folder: string): z.infer<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `${join(folder, "config.json")}: ${issue?.path.join(".") || "its content"}: ${issue?.message}; such a model is not supported`,
  );
}
