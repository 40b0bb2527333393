import { float32, int32, Rng } from "../../src/array/index.ts";
import type { Modality } from "../../src/data/index.ts";
import { wave } from "../../src/encoders/wave.ts";
import { fill } from "../fixtures/torch/reference.ts";

/** Signals of two channels: noise that a slow wave of the sample's own pitch is hidden in. */
export const signals = (length: number, channels = 2) =>
  ({
    name: "signal",
    specs: { wave: { dtype: "float32", shape: [channels, length] } },
    tensors(sample: unknown) {
      const rng = new Rng(Number(sample));
      const pitch = rng.uniform(0.05, 0.4);
      const values = Float32Array.from(
        { length: channels * length },
        (_, at) => Math.sin(pitch * (at % length)) + rng.normal(0, 0.3),
      );
      return { wave: float32(values, [channels, length]) };
    },
    show: () => ({ text: "signal" }),
  }) satisfies Modality;

/** The encoder of speech.py, for such signals: a local feature every 4 values, of 8 values. */
export const tinyWave = (modality: Modality, options: { causal?: boolean; depth?: number } = {}) =>
  wave.build(
    wave.options.parse({
      ...{ convWidth: 8, width: 8, depth: 2, heads: 2, mlpRatio: 2, positionKernel: 4, positionGroups: 2 },
      ...{ kernels: [4, 3], strides: [2, 2] },
      ...options,
    }),
    modality.specs,
  );

/** What the whole methods of speech.py are given. */
export const speechBatch = () => ({
  input: { wave: fill("wave", [3, 2, 61]) },
  hidden: int32([1, 2, 3, 8, 9, 0, 4, 5, 6, 13, 5, 6, 7, 10, 11], [3, 5]),
  drawn: float32(
    [0, 1, 2].flatMap(() => [0, 1, 1, 2, 0, 3, 0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 2, 0, 2, 1, 2, 1, 0, 0]),
    [3, 5, 5],
  ),
  anchors: int32([0, 5, 11, 3, 4, 4], [3, 2]),
  prefix: int32([1, 1, 1], [3, 1]),
});
