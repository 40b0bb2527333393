import { type Array, filled, lax, np, type Rng, sizeOf, type Tensor } from "../array/index.ts";

/** One number for all axes, or one for each. */
export type PerAxis = number | readonly number[];

/**
 * Convolution without bias on any number of axes, two by default: `[batch, input, h, w]` → `[batch, output, h′, w′]`;
 * weight `[output, input, k, k]`. Padded by ⌊k/2⌋. He's normal initialisation over the fan-out, as in torchvision's ResNet.
 */
export const conv = (input: number, output: number, kernel: PerAxis, stride: PerAxis = 1, axes = 2) => {
  const ofEach = (value: PerAxis): number[] =>
    typeof value === "number" ? globalThis.Array.from({ length: axes }, () => value) : [...value];
  const kernels = ofEach(kernel);
  const pads = kernels.map((extent): [number, number] => [Math.floor(extent / 2), Math.floor(extent / 2)]);
  return {
    init: (rng: Rng) => ({
      weight: rng.normals([output, input, ...kernels], Math.sqrt(2 / (output * sizeOf(kernels)))),
    }),
    apply: (params: { weight: Array }, x: Array): Array =>
      lax.convGeneralDilated(x, params.weight, ofEach(stride), pads),
  };
};

export interface Conv1dOptions {
  readonly stride?: number;
  /** Distance of the kernel's values in the input. */
  readonly dilation?: number;
  /** Parts of the channels that are convolved apart; divides both numbers of channels. */
  readonly groups?: number;
  /**
   * `none`; `same`: an output for every input at stride 1, an even kernel reaching one further back; `causal`: the same,
   * from the past only.
   */
  readonly padding?: "none" | "same" | "causal";
  readonly bias?: boolean;
}

/**
 * 1-D convolution, `[batch, input, length]` → `[batch, output, length′]`; weight `[output, input / groups, kernel]`, bias
 * `[output]`. Without padding length′ is ⌊(length − (kernel − 1) · dilation − 1) / stride⌋ + 1. He's normal initialisation
 * over the fan-in, as in wav2vec 2.0.
 *
 * @example
 * const layer = conv1d(64, 64, 3, { dilation: 4, padding: "same", bias: true });
 */
export const conv1d = (
  input: number,
  output: number,
  kernel: number,
  { stride = 1, dilation = 1, groups = 1, padding = "none", bias = false }: Conv1dOptions = {},
) => {
  const reach = (kernel - 1) * dilation;
  const after = padding === "same" ? Math.floor(reach / 2) : 0;
  const pads: [number, number] = padding === "none" ? [0, 0] : [reach - after, after];
  const options = { rhsDilation: [dilation], featureGroupCount: groups };
  const fanIn = (input / groups) * kernel;
  return {
    init: (rng: Rng): { weight: Tensor; bias?: Tensor } => ({
      weight: rng.normals([output, input / groups, kernel], Math.sqrt(2 / fanIn)),
      ...(bias ? { bias: filled([output], 0) } : {}),
    }),
    apply: (params: { weight: Array; bias?: Array }, x: Array): Array => {
      const y = lax.convGeneralDilated(x, params.weight, [stride], [pads], options);
      return params.bias ? np.add(y, np.reshape(params.bias, [1, output, 1])) : y;
    },
  };
};
