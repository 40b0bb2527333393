import { sizeOf } from "../../array/index.ts";

/** A weight in whole numbers: w ≈ values · scales, a scale for every channel and zero at zero. */
export interface QuantizedWeight {
  readonly values: Int8Array;
  /** One a channel, positive. */
  readonly scales: Float32Array;
}

/** The largest whole number used. −128 stays free, so that the range is symmetric. */
export const LARGEST = 127;
/**
 * With the last bit unused, two products with uint8 fit the 16 bits that processors without VNNI or dot-product
 * instructions add them up in: 2 · 255 · 63 < 2¹⁵.
 */
export const LARGEST_IN_SUMS = 63;

/**
 * Rounds a weight to int8, symmetric and per channel: scale = max |w| / 127 over the channel, so that no value is off by
 * more than half a scale. Krishnamoorthi 2018, https://arxiv.org/abs/1806.08342, section 3.1.
 * @param shape extents of `data`
 * @param axis of the channels: an output of a linear layer, a kernel of a convolution, a word of a table
 * @param largest number in use, 127 or 63; then scale = max |w| / 63
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
