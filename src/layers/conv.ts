import { type Array, lax, type Rng } from "../array/index.ts";

/**
 * 2-D convolution without bias, `[batch, input, h, w]` → `[batch, output, h′, w′]`; weight `[output, input, k, k]`.
 * Padded by ⌊k/2⌋. He's normal initialisation over the fan-out, as in torchvision's ResNet.
 */
export const conv = (input: number, output: number, kernel: number, stride = 1) => ({
  init: (rng: Rng) => ({
    weight: rng.normals([output, input, kernel, kernel], Math.sqrt(2 / (output * kernel * kernel))),
  }),
  apply(params: { weight: Array }, x: Array): Array {
    const pad = Math.floor(kernel / 2);
    return lax.convGeneralDilated(
      x,
      params.weight,
      [stride, stride],
      [
        [pad, pad],
        [pad, pad],
      ],
    );
  },
});

/**
 * 1-D convolution without bias or padding, `[batch, input, length]` → `[batch, output, ⌊(length − k) / stride⌋ + 1]`;
 * weight `[output, input, k]`. He's normal initialisation over the fan-in, as in wav2vec 2.0.
 */
export const conv1d = (input: number, output: number, kernel: number, stride = 1) => ({
  init: (rng: Rng) => ({ weight: rng.normals([output, input, kernel], Math.sqrt(2 / (input * kernel))) }),
  apply: (params: { weight: Array }, x: Array): Array => lax.convGeneralDilated(x, params.weight, [stride], [[0, 0]]),
});
