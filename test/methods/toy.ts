import { float32, type Rng, type Tensor, type Tree, tree } from "../../src/array/index.ts";
import type { InitialParams } from "../../src/encoders/encoder.ts";
import type { Method } from "../../src/methods/index.ts";
import type { Modality } from "../../src/modalities/index.ts";

/** A sample of the toy modality: what was done to it, so that tests can read the views back. */
export interface Toy {
  readonly value: number;
}

/**
 * Pictures of one value everywhere: `augment` adds a random fraction, `perturb` adds 1000, and a turn by `quarters`
 * adds 10,000 per quarter.
 */
export const toyModality = (size: number, channels = 3): Modality<unknown> & Required<Pick<Modality<Toy>, never>> => {
  const valueOf = (sample: unknown): number => (sample as Toy).value;
  return {
    name: "toy",
    specs: { pixels: { dtype: "float32", shape: [channels, size, size] } },
    tensors: (sample) => ({
      pixels: float32(new Float32Array(channels * size * size).fill(valueOf(sample)), [channels, size, size]),
    }),
    augment: (sample, rng) => ({ value: valueOf(sample) + rng.uniform() }),
    perturb: (sample) => ({ value: valueOf(sample) + 1000 }),
    rotate: (sample, quarters) => ({ value: valueOf(sample) + 10_000 * quarters }),
  };
};

/** Samples' views stacked as the loader stacks them: a batch dimension in front. */
export function stack(samples: readonly Tree<Tensor>[]): Tree<Tensor> {
  const [first] = samples;
  if (!first) throw new Error("nothing to stack");
  const columns = samples.map((sample) => tree.leaves<Tensor>(sample));
  return tree.unflatten<Tensor>(
    first,
    tree.leaves<Tensor>(first).map((leaf, index): Tensor => {
      const parts = columns.map((column) => column[index]!);
      const shape = [samples.length, ...leaf.shape];
      const values = parts.flatMap((part) => [...part.data]);
      return leaf.dtype === "int32"
        ? { dtype: "int32", shape, data: Int32Array.from(values) }
        : { dtype: "float32", shape, data: Float32Array.from(values) };
    }),
  );
}

export const viewsOf = (method: Method, sample: Toy, rng: Rng) => method.views(sample, rng, -1);
export const encoderOf = (params: InitialParams) => params.encoder;
