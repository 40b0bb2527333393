import { type TreeRecord, tree } from "../../../array/index.ts";
import type { Tower } from "../../../encoders/encoder.ts";

/**
 * A tower's parameters among those of the pair's encoder.
 * @throws Error when there are none
 */
export function parametersOf<Leaf>(params: TreeRecord<Leaf>, { path }: Pick<Tower, "path">): TreeRecord<Leaf> {
  if (path === "") return params;
  const prefix = `${path}.`;
  const leaves = tree
    .entries<Leaf>(params)
    .flatMap(([key, leaf]): [string, Leaf][] => (key.startsWith(prefix) ? [[key.slice(prefix.length), leaf]] : []));
  if (leaves.length === 0) throw new Error(`no parameters at ${path}`);
  // A tower is no single parameter.
  return tree.fromEntries<Leaf>(leaves) as TreeRecord<Leaf>;
}
