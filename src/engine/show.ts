import { type Atom, type Graph, isLiteral, type Value } from "./graph.ts";

/** A graph as text, one equation a line, values numbered in order of definition. */
export function showGraph(graph: Graph): string {
  const names = new Map<Value, string>();
  const nameOf = (atom: Atom): string => {
    if (isLiteral(atom)) return String(atom.literal);
    const name = names.get(atom) ?? `%${names.size}`;
    names.set(atom, name);
    return name;
  };
  const typed = (value: Value) => `${nameOf(value)} ${value.dtype}[${value.shape}]`;
  const inputs = graph.inputs.map(typed).join(", ");
  const lines = graph.equations.map(({ primitive, inputs: from, params, outputs }) => {
    const options = Object.entries(params).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const right = [primitive, ...from.map(nameOf), ...options].join(" ");
    return `  ${outputs.map(typed).join(", ")} = ${right}`;
  });
  return [`(${inputs}) →`, ...lines, `  return ${graph.outputs.map(nameOf).join(", ")}`].join("\n");
}
