import { type Array, constant, float32, np } from "../../array/index.ts";

/**
 * Rotary positions: pairs of a query's or key's values are rotated by an angle that grows with the position, so that
 * their product depends on the distance only. Su et al. 2021, https://arxiv.org/abs/2104.09864. A pair has one value from
 * each half of the head, as in GPT-NeoX and Llama; the paper pairs neighbours, which is the same up to the order of the
 * weights' rows.
 * @param x `[batch, heads, tokens, headDim]`, headDim even
 */
export function rotate(x: Array): Array {
  const [tokens, headDim] = x.shape.slice(-2) as [number, number];
  const half = headDim / 2;
  const table = (of: (angle: number) => number) =>
    constant(
      float32(
        Float32Array.from({ length: tokens * headDim }, (_, index) => {
          const position = Math.floor(index / headDim);
          return of(position * 10000 ** (-(index % half) / half));
        }),
        [tokens, headDim],
      ),
    );
  const [first, second] = np.split(x, 2, -1);
  const turned = np.concatenate([np.negative(second!), first!], -1);
  return np.add(np.multiply(x, table(Math.cos)), np.multiply(turned, table(Math.sin)));
}
