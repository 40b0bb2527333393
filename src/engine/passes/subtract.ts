import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph.ts";

/** a + (−b) → a − b: jax-js has no subtraction, and a pass over a large array for every sign adds up. */
export function subtract(graph: Graph): Graph {
  const negated = new Map<Value, Value>();
  const negativeOf = (atom: Atom | undefined): Value | undefined =>
    atom === undefined || isLiteral(atom) ? undefined : negated.get(atom);
  const equations = graph.equations.map((equation): Equation => {
    const [a, b] = equation.inputs;
    const [output] = equation.outputs;
    if (equation.primitive === "neg" && a && !isLiteral(a) && output) negated.set(output, a);
    if (equation.primitive !== "add" || !a || !b) return equation;
    const [right, left] = [negativeOf(b), negativeOf(a)];
    if (right) return { ...equation, primitive: "sub", inputs: [a, right] };
    return left ? { ...equation, primitive: "sub", inputs: [b, left] } : equation;
  });
  return { ...graph, equations };
}
