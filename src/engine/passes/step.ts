import { type Atom, type Equation, type Graph, isLiteral } from "../graph.ts";

/**
 * `cast(0 < x)` → `step x`, one pass in ONNX Runtime instead of two, of which the cast alone takes longer. Every ReLU's
 * backward pass has it. The step of NaN is undefined.
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
