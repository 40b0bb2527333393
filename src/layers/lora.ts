import { type Array, filled, np, type Rng, type Tensor, type TreeRecord, tree } from "../array/index.ts";

/** A linear layer's low-rank update of its weight `[output, input]`. */
export interface LoraParams<Leaf = Array> {
  /** `[rank, input]` */
  readonly loraA: Leaf;
  /** `[output, rank]`, zero at first, so that the layer starts unchanged. */
  readonly loraB: Leaf;
}

/** Scale of the update, α / rank: α is twice the rank, as is usual. */
const SCALE = 2;

/**
 * LoRA's term of a layer's output: scale · (x · Aᵀ) · Bᵀ. Hu et al. 2021, https://arxiv.org/abs/2106.09685
 * @param x `[…, input]`
 * @returns `[…, output]`
 */
export const lowRank = ({ loraA, loraB }: LoraParams, x: Array): Array =>
  np.multiply(np.matmul(np.matmul(x, np.transpose(loraA)), np.transpose(loraB)), SCALE);

/** Whether a parameter is LoRA's, by its path. */
export const isLora = (path: string): boolean => /(^|\.)lora[AB]$/.test(path);

/** Path of a linear layer's weight in an encoder's blocks: `blocks.0.up.weight`. */
const BLOCK_WEIGHT = /^(blocks\..+)\.weight$/;

/**
 * The parameters with a low-rank update for every linear layer of the blocks. A starts as He's uniform over the fan-in,
 * as in the authors' code.
 */
export function withLora<Params extends TreeRecord<Tensor>>(params: Params, rank: number, rng: Rng): Params {
  const entries = tree.entries<Tensor>(params).flatMap(([path, leaf]): [string, Tensor][] => {
    const [, layer] = BLOCK_WEIGHT.exec(path) ?? [];
    const [output = 0, input = 0, ...more] = leaf.shape;
    if (layer === undefined || input === 0 || more.length > 0) return [[path, leaf]];
    const bound = Math.sqrt(1 / input);
    return [
      [path, leaf],
      [`${layer}.loraA`, rng.split(layer).uniforms([rank, input], -bound, bound)],
      [`${layer}.loraB`, filled([output, rank], 0)],
    ];
  });
  // The same tree with leaves that only linear layers look for.
  return tree.fromEntries(entries) as Params;
}

/** The parameters with every low-rank update added to its weight: the same function, without LoRA. */
export function mergeLora<Params extends TreeRecord<Tensor>>(params: Params): Params {
  const byPath = new Map(tree.entries<Tensor>(params));
  if (![...byPath.keys()].some(isLora)) return params;
  const entries = [...byPath].flatMap(([path, leaf]): [string, Tensor][] => {
    if (isLora(path)) return [];
    const layer = path.replace(/\.weight$/, "");
    const [loraA, loraB] = [byPath.get(`${layer}.loraA`), byPath.get(`${layer}.loraB`)];
    return [[path, loraA && loraB && layer !== path ? merged(leaf, { loraA, loraB }) : leaf]];
  });
  // The same tree without the leaves that were added to it.
  return tree.fromEntries(entries) as Params;
}

function merged(weight: Tensor, { loraA, loraB }: LoraParams<Tensor>): Tensor {
  const [output = 0, input = 0] = weight.shape;
  const [rank = 0] = loraA.shape;
  const data = Float32Array.from(weight.data);
  for (let row = 0; row < output; row++)
    for (let k = 0; k < rank; k++) {
      const factor = SCALE * loraB.data[row * rank + k]!;
      for (let column = 0; column < input; column++)
        data[row * input + column]! += factor * loraA.data[k * input + column]!;
    }
  return { ...weight, data };
}
