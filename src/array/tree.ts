/**
 * Trees: nested plain objects and arrays with leaves of one type. Parameters, optimiser state and batches are trees.
 * Keys are visited in insertion order; a path joins them with dots: `blocks.0.norm.scale`.
 */
export type Tree<Leaf> = Leaf | readonly Tree<Leaf>[] | { readonly [key: string]: Tree<Leaf> };

/** A tree whose root is an object: the usual case. */
export type TreeRecord<Leaf> = { readonly [key: string]: Tree<Leaf> };

const isBranch = (node: unknown): node is readonly unknown[] | Record<string, unknown> =>
  Array.isArray(node) ||
  (typeof node === "object" &&
    node !== null &&
    Object.getPrototypeOf(node) === Object.prototype &&
    // Tensors are plain objects too; a shape and a type make one a leaf.
    !("shape" in node && "dtype" in node));

/** Every leaf with its path, depth first. */
export function entries<Leaf>(tree: Tree<Leaf>): [path: string, leaf: Leaf][] {
  const found: [string, Leaf][] = [];
  const visit = (node: unknown, path: string): void => {
    if (isBranch(node)) for (const [key, child] of Object.entries(node)) visit(child, path ? `${path}.${key}` : key);
    else found.push([path, node as Leaf]);
  };
  visit(tree, "");
  return found;
}

export const leaves = <Leaf>(tree: Tree<Leaf>): Leaf[] => entries(tree).map(([, leaf]) => leaf);

export const paths = (tree: Tree<unknown>): string[] => entries(tree).map(([path]) => path);

/** A tree of the same structure whose leaves are `transform(leaf, path)`. */
export function map<From, To>(tree: Tree<From>, transform: (leaf: From, path: string) => To): Tree<To> {
  const visit = (node: unknown, path: string): Tree<To> => {
    const inside = (key: string | number) => (path ? `${path}.${key}` : `${key}`);
    if (Array.isArray(node)) return node.map((child, index) => visit(child, inside(index)));
    if (isBranch(node))
      return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child, inside(key))]));
    return transform(node as From, path);
  };
  return visit(tree, "");
}

/** `structure` with its leaves replaced, in order. @throws if the counts differ. */
export function unflatten<Leaf>(structure: Tree<unknown>, newLeaves: readonly Leaf[]): Tree<Leaf> {
  let next = 0;
  const result = map(structure, () => newLeaves[next++] as Leaf);
  if (next !== newLeaves.length) throw new Error(`${newLeaves.length} leaves for a tree of ${next}`);
  return result;
}

/** The tree with a leaf at each dotted path. Objects whose keys are 0…n−1 become arrays. */
export function fromEntries<Leaf>(pairs: Iterable<readonly [path: string, leaf: Leaf]>): Tree<Leaf> {
  const isLeaf = Symbol("leaf");
  type Branch = Map<string, Branch | { [isLeaf]: Leaf }>;
  const root: Branch = new Map();
  for (const [path, leaf] of pairs) {
    const keys = path === "" ? [] : path.split(".");
    if (keys.length === 0) return leaf;
    let branch = root;
    for (const key of keys.slice(0, -1)) {
      const child = branch.get(key);
      if (child instanceof Map) branch = child;
      else {
        const created: Branch = new Map();
        branch.set(key, created);
        branch = created;
      }
    }
    branch.set(keys[keys.length - 1] ?? "", { [isLeaf]: leaf });
  }
  const build = (branch: Branch): Tree<Leaf> => {
    const children = [...branch].map(([key, child]): [string, Tree<Leaf>] => [
      key,
      child instanceof Map ? build(child) : child[isLeaf],
    ]);
    return children.length > 0 && children.every(([key], index) => key === String(index))
      ? children.map(([, child]) => child)
      : Object.fromEntries(children);
  };
  return build(root);
}
