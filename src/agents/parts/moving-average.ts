import { type Array, np, type TreeRecord, tree } from "../../array/index.ts";

/**
 * momentum · target + (1 − momentum) · params, leaf by leaf.
 * @param params has every path of `target`
 */
export function movingAverage<Params extends TreeRecord<Array>>(
  target: Params,
  params: Params,
  momentum: number,
): Params {
  const news = new Map(tree.entries<Array>(params));
  return tree.map<Array, Array>(target, (leaf, path) =>
    np.add(np.multiply(leaf, momentum), np.multiply(news.get(path)!, 1 - momentum)),
  ) as Params;
}
