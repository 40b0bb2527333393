import type { Arrays, Host } from "../../agents/agent.ts";
import { float32, joinedFloats, type Tensor, type Tree, type TreeRecord, tree } from "../../array/index.ts";
import type { DeviceTensor } from "../../engine/index.ts";
import type { Observation } from "../../environments/space.ts";

export type Leaf = Tensor | DeviceTensor;
/** What an update reads and changes. */
export interface AgentState<Of = Leaf> {
  /** By the names of the vectors. */
  readonly params: Readonly<Record<string, Of>>;
  /** Adam's sums of gradients and of their squares, in the same way. */
  readonly first: Readonly<Record<string, Of>>;
  readonly second: Readonly<Record<string, Of>>;
  /** By part. */
  readonly memory: { readonly [key: string]: Tree<Of> };
}

/** An agent's state on the host. */
export interface NamedState {
  readonly params: Host;
  readonly first: TreeRecord<Tensor>;
  readonly second: TreeRecord<Tensor>;
  readonly memory: Host;
}

/** Host tensors as device tensors. */
export const deviceTree = (state: Tree<Leaf>): Tree<DeviceTensor> =>
  tree.map<Leaf, DeviceTensor>(state, (leaf) =>
    "read" in leaf ? leaf : { ...leaf, read: async () => leaf, dispose: () => undefined },
  );

/** The observations of one name, one after the other. */
export function stacked(observations: readonly Observation[], name: string, shape: readonly number[]): Tensor {
  const parts = observations.map((observation) => observation[name] ?? new Float32Array());
  return float32(joinedFloats(parts), [observations.length, ...shape]);
}

export const free = (leaves: readonly Leaf[]) => {
  for (const leaf of leaves) if ("dispose" in leaf) leaf.dispose();
};

/** The memory with the branches that changed; what they replace is freed. */
export function replaced(
  memory: AgentState["memory"],
  changed: { readonly [key: string]: Tree<Leaf> },
): AgentState["memory"] {
  const result: Record<string, Tree<Leaf>> = { ...memory };
  for (const [part, branches] of Object.entries(changed)) {
    const old = memory[part] as Record<string, Tree<Leaf>>;
    for (const name of Object.keys(branches)) free(tree.leaves<Leaf>(old[name]!));
    result[part] = { ...old, ...(branches as Record<string, Tree<Leaf>>) };
  }
  return result;
}

/** The memory while traced, with the branches that changed. */
export const merged = (memory: Arrays, changed: Arrays = {}): Arrays => ({
  ...memory,
  ...Object.fromEntries(
    Object.entries(changed).map(([part, branches]) => [part, { ...(memory[part] as Arrays), ...(branches as Arrays) }]),
  ),
});
