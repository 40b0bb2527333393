import { type Equation, type Graph, isLiteral, type Value } from "../graph.ts";

/**
 * The equations in the order in which ONNX Runtime will run what they are lowered to (`lower/order.ts`): the outputs with
 * the shortest way to them first, each with all that it needs just before it, and of that what comes last in the graph
 * first. So where values live can be told.
 */
export function schedule(graph: Graph): Graph {
  const madeBy = new Map<Value, number>();
  const depths: number[] = [];
  const needs = graph.equations.map(({ inputs, outputs }, at) => {
    const own = [...new Set(inputs.flatMap((input) => (isLiteral(input) ? [] : (madeBy.get(input) ?? []))))];
    depths.push(1 + own.reduce((most, place) => Math.max(most, depths[place]!), 0));
    for (const output of outputs) madeBy.set(output, at);
    return own.sort((a, b) => a - b);
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
