import { int32, type Tensor } from "../../array/tensor.ts";

/**
 * A sequence as encoders read it, padded or cut (keeping the last token) to `length`: `ids` int32 `[length]`, and `mask` int32
 * `[length]`, 1 for a token and 0 for padding.
 */
export function padded(
  sequence: ArrayLike<number>,
  length: number,
  pad: number,
): { readonly ids: Tensor; readonly mask: Tensor } {
  const ids = new Int32Array(length).fill(pad);
  const mask = new Int32Array(length);
  const count = Math.min(length, sequence.length);
  for (let at = 0; at < count; at++) ids[at] = sequence[at]!;
  if (sequence.length > length) ids[length - 1] = sequence[sequence.length - 1]!;
  mask.fill(1, 0, count);
  return { ids: int32(ids, [length]), mask: int32(mask, [length]) };
}
