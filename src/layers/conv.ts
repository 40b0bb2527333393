import { type Array, lax, type Rng } from "../array/index.ts";

/**
 * Convolution without bias on any number of axes, two by default: `[batch, input, h, w]` → `[batch, output, h′, w′]`;
 * weight `[output, input, k, k]`. Padded by ⌊k/2⌋. He's normal initialisation over the fan-out, as in torchvision's ResNet.
 */
export const conv = (input: number, output: number, kernel: number, stride = 1, axes = 2) => {
  const ofEach = <Value>(value: Value): Value[] => globalThis.Array.from({ length: axes }, () => value);
  const pad = Math.floor(kernel / 2);
  return {
    init: (rng: Rng) => ({
      weight: rng.normals([output, input, ...ofEach(kernel)], Math.sqrt(2 / (output * kernel ** axes))),
    }),
    apply: (params: { weight: Array }, x: Array): Array =>
      lax.convGeneralDilated(x, params.weight, ofEach(stride), ofEach([pad, pad] as [number, number])),
  };
};

/**
 * 1-D convolution without bias or padding, `[batch, input, length]` → `[batch, output, ⌊(length − k) / stride⌋ + 1]`;
 * weight `[output, input, k]`. He's normal initialisation over the fan-in, as in wav2vec 2.0.
 */
export const conv1d = (input: number, output: number, kernel: number, stride = 1) => ({
  init: (rng: Rng) => ({ weight: rng.normals([output, input, kernel], Math.sqrt(2 / (input * kernel))) }),
  apply: (params: { weight: Array }, x: Array): Array => lax.convGeneralDilated(x, params.weight, [stride], [[0, 0]]),
});
