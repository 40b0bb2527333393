import { type TreeRecord, tree } from "../../array/index.ts";

/**
 * The parameters of a part of a model.
 * @param path of the part, `image` for `image.patch.weight`; empty for all of the model
 * @throws Error when there is no such part
 */
export function branchAt<Leaf>(params: TreeRecord<Leaf>, path: string): TreeRecord<Leaf> {
  if (path === "") return params;
  const prefix = `${path}.`;
  const leaves = tree
    .entries<Leaf>(params)
    .flatMap(([key, leaf]): [string, Leaf][] => (key.startsWith(prefix) ? [[key.slice(prefix.length), leaf]] : []));
  if (leaves.length === 0) throw new Error(`no parameters at ${path}`);
  // A part is no single parameter.
  return tree.fromEntries<Leaf>(leaves) as TreeRecord<Leaf>;
}
