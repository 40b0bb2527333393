import { int32, type Tensor } from "../../../array/tensor.ts";

/**
 * A caption read from its end: the tokens in reverse order, padding behind them as before.
 * @param ids int32 `[length]` @param mask int32 `[length]`, 0 for padding
 */
export function inReverse({ data: ids, shape }: Tensor, { data: mask }: Tensor): Tensor {
  const count = Int32Array.from(mask).reduce((sum, present) => sum + present, 0);
  return int32(
    Int32Array.from(ids, (id, at) => (at < count ? ids[count - 1 - at]! : id)),
    shape,
  );
}
