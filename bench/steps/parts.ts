import type { Rng, Tensor, TreeRecord } from "../../src/array/index.ts";
import type { Device } from "../../src/engine/index.ts";
import { layerNorm } from "../../src/layers/norms/layer-norm.ts";
import { transformerBlock } from "../../src/layers/transformer/transformer.ts";
import type { Method } from "../../src/methods/method.ts";

/** A case that compiles itself. */
export interface AgentCase {
  /** Updates in a step; times and `flops` are of one. */
  readonly updates: number;
  readonly flops: number;
  start(options: StartOptions): Promise<Started>;
}

export interface StartOptions {
  readonly threads?: number | undefined;
  readonly profile?: string | undefined;
  readonly device: Device;
}

/** A compiled case. */
export interface Started {
  /** @returns the loss */
  step(): Promise<number>;
  dispose(): Promise<void>;
}

export type StepCase = MethodCase | AgentCase;

export interface MethodCase {
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

/** What a step of MAE is made of. */
export interface MaeShape {
  readonly batchSize: number;
  /** Patches of a sample, and those that the encoder sees. */
  readonly patches: number;
  readonly kept: number;
  readonly patchDim: number;
  readonly width: number;
  readonly depth: number;
  readonly decoderWidth: number;
  readonly decoderDepth: number;
}

/** Products of a whole step of MAE. */
export function maeFlops(shape: MaeShape): number {
  const { batchSize, patches, kept, patchDim, width, depth, decoderWidth, decoderDepth } = shape;
  const ends = 2 * kept * (patchDim * width + width * decoderWidth) + 2 * patches * decoderWidth * patchDim;
  const body = depth * blockFlops(kept, width) + decoderDepth * blockFlops(patches, decoderWidth);
  return 3 * batchSize * (ends + body);
}

export const transformer = (width: number, heads: number, depth: number) => {
  const blocks = count(depth, () => transformerBlock({ width, heads, mlpRatio: 4 }));
  const norm = layerNorm(width);
  const init = (rng: Rng) => ({
    blocks: blocks.map((block, index) => block.init(rng.split(index))),
    norm: norm.init(),
  });
  return { blocks, norm, init };
};
