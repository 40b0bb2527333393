import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph.ts";

/** Moves scales out of products: (s·a) · (t·b) → s·t · (a·b), which saves passes over large arrays. */
export function hoist(graph: Graph): Graph {
  const uses = new Map<Atom, number>();
  for (const atom of [...graph.equations.flatMap(({ inputs }) => inputs), ...graph.outputs])
    uses.set(atom, (uses.get(atom) ?? 0) + 1);
  const scales = new Map<Value, { of: Value; factor: number }>();
  const consumers = new Map<Value, Equation>();
  for (const equation of graph.equations)
    for (const input of equation.inputs) if (!isLiteral(input)) consumers.set(input, equation);
  let next = Math.max(
    0,
    ...graph.inputs.map(({ id }) => id),
    ...graph.equations.flatMap(({ outputs }) => outputs.map(({ id }) => id)),
  );

  const isScale = ({ primitive, inputs }: Equation) =>
    primitive === "neg" || (primitive === "mul" && inputs.some(isLiteral));
  const equations = graph.equations.flatMap((equation): Equation[] => {
    const [a, b] = equation.inputs;
    const [output] = equation.outputs;
    if (equation.primitive !== "mul" || !a || !b || !output || isLiteral(a) || output.dtype !== "float32")
      return [equation];
    if (isLiteral(b)) {
      scales.set(output, { of: a, factor: b.literal });
      return [equation];
    }
    // A scale that has other uses is computed anyway, so moving it saves nothing.
    const scaleOf = (value: Value) => (uses.get(value) === 1 ? scales.get(value) : undefined);
    const [left, right] = [scaleOf(a), scaleOf(b)];
    const consumer = uses.get(output) === 1 ? consumers.get(output) : undefined;
    const saved = Number(Boolean(left)) + Number(Boolean(right)) + Number(Boolean(consumer && isScale(consumer)));
    if (saved < 2 || (!left && !right)) return [equation];
    const product: Value = { ...output, id: ++next };
    const factor = Math.fround((left?.factor ?? 1) * (right?.factor ?? 1));
    scales.set(output, { of: product, factor });
    return [
      { ...equation, inputs: [left?.of ?? a, right?.of ?? b], outputs: [product] },
      { ...equation, inputs: [product, { literal: factor, dtype: "float32", shape: [] }] },
    ];
  });
  return { ...graph, equations };
}
