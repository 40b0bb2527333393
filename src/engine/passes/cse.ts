import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph.ts";

const commutative = new Set(["add", "mul", "min", "max"]);

/** Common subexpression elimination: equal expressions are computed once. */
export function cse(graph: Graph): Graph {
  const replaced = new Map<Value, Value>();
  const resolve = (atom: Atom): Atom => (isLiteral(atom) ? atom : (replaced.get(atom) ?? atom));
  const seen = new Map<string, Equation>();
  const equations: Equation[] = [];
  for (const original of graph.equations) {
    const equation: Equation = { ...original, inputs: original.inputs.map(resolve) };
    const keys = equation.inputs.map((atom) =>
      isLiteral(atom) ? `${atom.dtype}:${Object.is(atom.literal, -0) ? "-0" : atom.literal}` : `%${atom.id}`,
    );
    if (commutative.has(equation.primitive)) keys.sort();
    const key = `${equation.primitive}(${keys.join()})${JSON.stringify(equation.params)}`;
    const twin = seen.get(key);
    if (twin) {
      equation.outputs.forEach((output, index) => {
        replaced.set(output, twin.outputs[index]!);
      });
      continue;
    }
    seen.set(key, equation);
    equations.push(equation);
  }
  return { ...graph, equations, outputs: graph.outputs.map(resolve) };
}
