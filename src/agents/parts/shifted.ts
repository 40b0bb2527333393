import { type Array, np } from "../../array/index.ts";

/**
 * Images shifted by whole pixels, each by its own; the border is repeated. As matrix products, so that every row of a batch has
 * its shift. Kostrikov et al. 2020, https://arxiv.org/abs/2004.13649
 * @param x `[batch, channels, height, width]`
 * @param by uniform in [0, 1), `[batch, 1]` each
 * @param most shifts are −most … most pixels
 */
export function shifted(x: Array, by: { readonly down: Array; readonly right: Array }, most: number): Array {
  const [, , height = 1, width = 1] = x.shape;
  const rows = selection(by.down, height, most);
  const columns = selection(by.right, width, most);
  return np.matmul(np.matmul(rows, x), np.transpose(columns, [0, 1, 3, 2]));
}

/** 1 where output row i shows input row j, `[batch, 1, size, size]`. */
function selection(uniform: Array, size: number, most: number): Array {
  const offset = np.subtract(np.floor(np.multiply(uniform, 2 * most + 1)), most);
  const source = np.clip(np.add(np.arange(size).astype(np.float32), offset), 0, size - 1);
  const isSource = np.equal(np.expandDims(source, -1), np.arange(size).astype(np.float32));
  return np.expandDims(isSource.astype(np.float32), 1);
}
