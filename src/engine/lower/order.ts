import type { onnx } from "onnx-proto";

/**
 * Sorts nodes so that those whose results are only outputs come last, the deepest first. ONNX Runtime starts from its
 * last such node and works backwards, running each after the nodes it needs. So parameters are updated in the order in
 * which their gradients become available, and few gradients are kept at a time.
 * @param nodes in topological order; so is the result
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
