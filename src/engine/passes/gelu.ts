import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph.ts";

/**
 * x · (½ · erf(√½ · x) + ½) → GELU, for which ONNX Runtime has a kernel: one pass instead of five, and of training the
 * backward pass makes again what it needs of it, so that nothing of that size is kept. There ½ · erf(z) + ½ is one pass
 * instead of two: half way between erf(z) and 1.
 */
export function gelu(graph: Graph): Graph {
  const makers = new Map<Atom, Equation>();
  for (const equation of graph.equations) for (const output of equation.outputs) makers.set(output, equation);
  /** The other operand of a `primitive` that makes `value` out of it and a number. */
  const other = (value: Atom | undefined, primitive: string, number: number): Value | undefined => {
    const maker = value && makers.get(value);
    if (maker?.primitive !== primitive) return undefined;
    const [a, b] = maker.inputs;
    return a && b && !isLiteral(a) && isLiteral(b) && Math.fround(number) === b.literal ? a : undefined;
  };
  /** The error function's value that Φ is made of. */
  const erfOf = (phi: Atom | undefined): Equation | undefined => {
    const value = other(other(phi, "add", 0.5), "mul", 0.5);
    const maker = value && makers.get(value);
    return maker?.primitive === "erf" ? maker : undefined;
  };
  const scaledByPhi = (x: Atom, phi: Atom): boolean => other(erfOf(phi)?.inputs[0], "mul", Math.SQRT1_2) === x;
  const equations = graph.equations.map((equation): Equation => {
    const [a, b] = equation.inputs;
    const erf = erfOf(equation.outputs[0]);
    if (erf) return { ...equation, primitive: "halfway", inputs: erf.outputs };
    if (equation.primitive !== "mul" || !a || !b) return equation;
    if (scaledByPhi(a, b)) return { ...equation, primitive: "gelu", inputs: [a] };
    return scaledByPhi(b, a) ? { ...equation, primitive: "gelu", inputs: [b] } : equation;
  });
  return { ...graph, equations };
}
