import type { onnx } from "onnx-proto";

/**
 * The nodes with those that end in an output behind the others, the longest way to them first. ONNX Runtime works from
 * its last such node backwards, each with all that it needs: so a parameter whose gradient is there first is brought up
 * to date first, and of a training step's gradients few wait at a time.
 * @param nodes in an order in which each uses only what stands before it; so is the result
 */
export function nearestOutputsLast(nodes: readonly onnx.INodeProto[]): onnx.INodeProto[] {
  const depths = new Map<string, number>();
  const used = new Set<string>();
  const placed = nodes.map((node) => {
    const depth = 1 + (node.input ?? []).reduce((most, name) => Math.max(most, depths.get(name) ?? 0), 0);
    for (const name of node.output ?? []) depths.set(name, depth);
    for (const name of node.input ?? []) used.add(name);
    return { node, depth };
  });
  const isUsed = ({ node }: { readonly node: onnx.INodeProto }) => node.output?.some((name) => used.has(name)) ?? false;
  const { inner = [], last = [] } = Object.groupBy(placed, (one) => (isUsed(one) ? "inner" : "last"));
  return [...inner, ...last.sort((a, b) => b.depth - a.depth)].map(({ node }) => node);
}
