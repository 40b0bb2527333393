import { type Atom, type Equation, type Graph, isLiteral } from "../graph.ts";

/**
 * The numbers 1 and 0 made of `0 < x` → `step x`, which ONNX Runtime does in one pass; comparing and casting are two, and
 * the cast alone takes longer. Every ReLU's backward pass has it. Not-a-number has no defined step.
 */
export function step(graph: Graph): Graph {
  const positive = new Map<Atom, Atom>();
  const equations = graph.equations.map((equation): Equation => {
    const { primitive, inputs, outputs, params } = equation;
    const [a, b] = inputs;
    const isAboveZero = primitive === "compare" && params.op === "less" && a && isLiteral(a) && a.literal === 0;
    if (isAboveZero && b && !isLiteral(b) && b.dtype === "float32") positive.set(outputs[0]!, b);
    const x = primitive === "cast" && a && outputs[0]!.dtype === "float32" ? positive.get(a) : undefined;
    return x ? { ...equation, primitive: "step", inputs: [x], params: {} } : equation;
  });
  return { ...graph, equations };
}
