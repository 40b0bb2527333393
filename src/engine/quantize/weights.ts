import { sizeOf } from "../../array/index.ts";

/** A weight in int8: w ≈ values · scale, with a scale for each channel and zero point 0. */
export interface QuantizedWeight {
  readonly values: Int8Array;
  /** One for each channel, positive. */
  readonly scales: Float32Array;
}

/** Largest magnitude. −128 is not used, so that the range is symmetric. */
export const LARGEST = 127;
/**
 * Largest magnitude with 7 bits, so that the sum of two products with uint8 fits in 16 bits, as processors without
 * VNNI or dot-product instructions need: 2 · 255 · 63 < 2¹⁵.
 */
export const LARGEST_IN_SUMS = 63;

/**
 * Rounds a weight to int8, symmetric and per channel: scale = max |w| / `largest` over the channel, so the error is at
 * most half a scale. Krishnamoorthi 2018, https://arxiv.org/abs/1806.08342, section 3.1.
 * @param shape extents of `data`
 * @param axis of the channels: outputs of a linear layer, kernels of a convolution, tokens of a table
 * @param largest magnitude used, 127 or 63
 */
export function quantizeWeight(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
  largest = LARGEST,
): QuantizedWeight {
  const channels = shape[axis]!;
  const stride = sizeOf(shape.slice(axis + 1));
  const channelOf = (index: number) => Math.floor(index / stride) % channels;
  const most = new Float32Array(channels);
  for (let i = 0; i < data.length; i++) {
    const channel = channelOf(i);
    most[channel] = Math.max(most[channel]!, Math.abs(data[i]!));
  }
  const scales = most.map((value) => (value > 0 ? value / largest : 1));
  const values = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const rounded = Math.round(data[i]! / scales[channelOf(i)]!);
    values[i] = Math.max(-largest, Math.min(largest, rounded));
  }
  return { values, scales };
}
