import { type Equation, type Graph, isLiteral, type Value } from "../graph.ts";

/**
 * Sorts equations in the order in which ONNX Runtime will run them after lowering (`lower/order.ts`), from which the
 * values' lifetimes follow: the outputs of least depth first, each directly after the equations it needs, the latest of
 * these in the graph first.
 */
export function schedule(graph: Graph): Graph {
  const madeBy = new Map<Value, number>();
  const depths: number[] = [];
  const needs = graph.equations.map(({ inputs, outputs }, at) => {
    const sources = [...new Set(inputs.flatMap((input) => (isLiteral(input) ? [] : (madeBy.get(input) ?? []))))];
    depths.push(1 + sources.reduce((most, place) => Math.max(most, depths[place]!), 0));
    for (const output of outputs) madeBy.set(output, at);
    return sources.sort((a, b) => a - b);
  });
  const needed = new Set(needs.flat());
  const ends = graph.equations.map((_, at) => at).filter((at) => !needed.has(at));
  const stack = ends.sort((a, b) => depths[b]! - depths[a]!).map((at) => ({ at, isReady: false }));
  const visited = new Set<number>();
  const equations: Equation[] = [];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { at, isReady } = top;
    if (isReady) equations.push(graph.equations[at]!);
    else if (!visited.has(at)) {
      visited.add(at);
      stack.push({ at, isReady: true }, ...needs[at]!.map((place) => ({ at: place, isReady: false })));
    }
  }
  return { ...graph, equations };
}
