import { type Atom, type Equation, type Graph, sameShape } from "../graph.ts";

/** By operation: its inverse element, both combined, and whether combining pays for a broadcast operand too. */
const inverses: Readonly<Record<string, { inverse: string; combined: string; broadcast: boolean }>> = {
  add: { inverse: "neg", combined: "sub", broadcast: true },
  // A few reciprocals are faster than many quotients.
  mul: { inverse: "reciprocal", combined: "div", broadcast: false },
};

/**
 * a + (−b) → a − b and a · (1 / b) → a / b. jax-js has neither, and each negation or reciprocal would be another pass
 * over a large array.
 */
export function inverse(graph: Graph): Graph {
  const makers = new Map<Atom, Equation>();
  const equations = graph.equations.map((equation): Equation => {
    const [a, b] = equation.inputs;
    const [output] = equation.outputs;
    if (output) makers.set(output, equation);
    const rule = inverses[equation.primitive];
    if (!rule || !a || !b || !output) return equation;
    const inverted = (atom: Atom): Atom | undefined => {
      const maker = makers.get(atom);
      const isWorthIt = rule.broadcast || sameShape(atom.shape, output.shape);
      return maker?.primitive === rule.inverse && isWorthIt ? maker.inputs[0] : undefined;
    };
    const [left, right] = [inverted(a), inverted(b)];
    if (right) return { ...equation, primitive: rule.combined, inputs: [a, right] };
    return left ? { ...equation, primitive: rule.combined, inputs: [b, left] } : equation;
  });
  return { ...graph, equations };
}
