import type { Rng, Tensor, TreeRecord } from "../../src/array/index.ts";
import { layerNorm } from "../../src/layers/norms/layer-norm.ts";
import { transformerBlock } from "../../src/layers/transformer/transformer.ts";
import type { Method } from "../../src/methods/method.ts";

export interface StepCase {
  readonly method: Method;
  readonly batchSize: number;
  /** A batch of random numbers. */
  batch(rng: Rng): TreeRecord<Tensor>;
  /** Multiplications and additions of the products of one whole step: three times the forward pass's. */
  readonly flops: number;
}

/** A method that needs no modality. The trainer sees every method through the same type. */
export const bare = (method: Omit<Method, "views">): Method => ({ ...method, views: () => ({}) });

export const count = <Item>(length: number, make: (index: number) => Item): Item[] =>
  globalThis.Array.from({ length }, (_, index) => make(index));

/** Products of a Transformer block, forward, per sample: four D × D, two D × 4D, and attention. */
export const blockFlops = (tokens: number, width: number) => 2 * tokens * (12 * width * width + 2 * tokens * width);

export const transformer = (width: number, heads: number, depth: number) => {
  const blocks = count(depth, () => transformerBlock({ width, heads, mlpRatio: 4 }));
  const norm = layerNorm(width);
  const init = (rng: Rng) => ({
    blocks: blocks.map((block, index) => block.init(rng.split(index))),
    norm: norm.init(),
  });
  return { blocks, norm, init };
};
