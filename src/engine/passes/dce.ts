import { type Atom, type Equation, type Graph, isLiteral } from "../graph.ts";

/** Dead code elimination: drops equations that no output needs. */
export function dce(graph: Graph): Graph {
  const live = new Set<Atom>(graph.outputs);
  const kept: Equation[] = [];
  for (const equation of graph.equations.toReversed()) {
    if (!equation.outputs.some((output) => live.has(output))) continue;
    kept.push(equation);
    for (const input of equation.inputs) if (!isLiteral(input)) live.add(input);
  }
  return { ...graph, equations: kept.toReversed() };
}
