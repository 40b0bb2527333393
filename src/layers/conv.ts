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
