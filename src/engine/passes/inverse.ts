import { type Atom, type Equation, type Graph, sameShape } from "../graph.ts";

/** What undoes an operation, what both are together, and whether that is worth it for an operand that repeats. */
const inverses: Readonly<Record<string, { undo: string; together: string; repeated: boolean }>> = {
  add: { undo: "neg", together: "sub", repeated: true },
  // A few reciprocals are faster than many quotients.
  mul: { undo: "reciprocal", together: "div", repeated: false },
};

/**
 * a + (−b) → a − b and a · (1 / b) → a / b: jax-js has neither, and a pass over a large array for every sign and every
 * reciprocal adds up.
 */
export function inverse(graph: Graph): Graph {
  const makers = new Map<Atom, Equation>();
  const equations = graph.equations.map((equation): Equation => {
    const [a, b] = equation.inputs;
    const [output] = equation.outputs;
    if (output) makers.set(output, equation);
    const rule = inverses[equation.primitive];
    if (!rule || !a || !b || !output) return equation;
    const undone = (atom: Atom): Atom | undefined => {
      const maker = makers.get(atom);
      const isWorthIt = rule.repeated || sameShape(atom.shape, output.shape);
      return maker?.primitive === rule.undo && isWorthIt ? maker.inputs[0] : undefined;
    };
    const [left, right] = [undone(a), undone(b)];
    if (right) return { ...equation, primitive: rule.together, inputs: [a, right] };
    return left ? { ...equation, primitive: rule.together, inputs: [b, left] } : equation;
  });
  return { ...graph, equations };
}
