import { constant, float32, type Rng, scalar, type Tensor, type TreeRecord, tree } from "../../src/array/index.ts";
import type { augment, Modality, Offered, perturb } from "../../src/data/index.ts";
import type { rotate } from "../../src/modalities/image/abilities.ts";

/** The first sample of unlabelled data. */
export const noEntry = { index: 0, label: -1 };

/** The schedule of the first step, inside a traced function. */
export const atStart = () => ({ progress: constant(scalar(0)) });

/** Pictures of one value everywhere; what is done to a sample can be read back from the value. */
export function toyModality(channels: number, size: number) {
  const shape = [channels, size, size];
  const valueOf = (sample: unknown): number => {
    if (typeof sample !== "number") throw new Error("samples of the toy modality are numbers");
    return sample;
  };
  return {
    name: "toy",
    specs: { pixels: { dtype: "float32", shape } },
    tensors: (sample: unknown) => ({
      pixels: float32(new Float32Array(channels * size * size).fill(valueOf(sample)), shape),
    }),
    /** Adds a random fraction. */
    augment: (sample: unknown, rng: Rng) => valueOf(sample) + rng.uniform(),
    perturb: (sample: unknown) => valueOf(sample) + 100,
    rotate: (sample: unknown, quarters: number) => valueOf(sample) + 1000 * quarters,
    show: () => ({ text: "toy" }),
  } satisfies Modality & Offered<typeof augment | typeof perturb | typeof rotate>;
}

/** Samples' views with a batch dimension in front, as the loader stacks them. */
export function stack<Views extends TreeRecord<Tensor>>(samples: readonly Views[]): Views {
  const columns = samples.map((sample) => tree.leaves<Tensor>(sample));
  let next = 0;
  return tree.map<Tensor, Tensor>(samples[0]!, (leaf) => {
    const column = next++;
    const values = columns.flatMap((leaves) => [...leaves[column]!.data]);
    const data = leaf.dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
    return { dtype: leaf.dtype, shape: [samples.length, ...leaf.shape], data };
  }) as Views;
}
