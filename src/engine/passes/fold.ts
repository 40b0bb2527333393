import { type Atom, type Equation, type Graph, isLiteral, type Literal, sameShape, type Value } from "../graph.ts";

/** Views repeat their input's elements, so a constant stays the same constant. */
const views = new Set(["broadcast", "reshape", "transpose", "flip", "shrink", "stop_gradient"]);

/**
 * Removes what is known without computing: products with 0 and 1, sums with 0, `where` with equal branches,
 * chains of scalar products, and movements that move nothing. Differentiation leaves many of each.
 */
export function fold(graph: Graph): Graph {
  const replaced = new Map<Value, Atom>();
  /** Values all of whose elements are one known number. */
  const constant = new Map<Value, number>();
  /** `value = factor × of`, for chains of scalar products. */
  const scaled = new Map<Value, { factor: number; of: Value }>();
  const resolve = (atom: Atom): Atom => (isLiteral(atom) ? atom : (replaced.get(atom) ?? atom));
  const numberOf = (atom: Atom): number | undefined => (isLiteral(atom) ? atom.literal : constant.get(atom));

  const equations: Equation[] = [];
  for (const original of graph.equations) {
    let equation: Equation = { ...original, inputs: original.inputs.map(resolve) };
    const [output] = equation.outputs;
    if (!output || equation.outputs.length > 1) {
      equations.push(equation);
      continue;
    }
    if (equation.primitive === "mul") equation = mergeScales(equation, output, scaled);
    const same = (atom: Atom | undefined): atom is Value =>
      atom !== undefined && !isLiteral(atom) && sameShape(atom.shape, output.shape) && atom.dtype === output.dtype;
    const [a, b, c] = equation.inputs;
    const standsFor = (): Value | undefined => {
      switch (equation.primitive) {
        case "stop_gradient":
          return same(a) ? a : undefined;
        case "mul":
          if (b && numberOf(b) === 1 && same(a)) return a;
          return a && numberOf(a) === 1 && same(b) ? b : undefined;
        case "add":
          if (b && numberOf(b) === 0 && same(a)) return a;
          return a && numberOf(a) === 0 && same(b) ? b : undefined;
        case "where":
          return b === c && same(b) ? b : undefined;
        case "transpose": {
          const { perm } = equation.params;
          return Array.isArray(perm) && perm.every((axis, index) => axis === index) && same(a) ? a : undefined;
        }
        case "reshape":
        case "broadcast":
        case "shrink":
        case "cast":
          return same(a) ? a : undefined;
        default:
          return undefined;
      }
    };
    const other = standsFor();
    if (other) {
      replaced.set(output, other);
      continue;
    }
    const value = constantOf(equation, equation.inputs.map(numberOf));
    if (value !== undefined) {
      constant.set(output, value);
      if (output.shape.length === 0) {
        replaced.set(output, { literal: value, dtype: output.dtype, shape: [] } satisfies Literal);
        continue;
      }
      // A broadcast of a literal is the cheapest way to say it; dead code takes away what led here.
      const literal: Literal = { literal: value, dtype: output.dtype, shape: [] };
      const axis = output.shape.map((_, index) => index);
      equations.push({
        primitive: "broadcast",
        inputs: [literal],
        params: { shape: output.shape, axis },
        outputs: [output],
      });
      continue;
    }
    equations.push(equation);
  }
  return { ...graph, equations, outputs: graph.outputs.map(resolve) };
}

function constantOf({ primitive }: Equation, inputs: readonly (number | undefined)[]): number | undefined {
  const [a, b, c] = inputs;
  if (views.has(primitive)) return a;
  switch (primitive) {
    case "mul":
      // 0 · x is 0 for every finite x, and a step that meets an infinity has failed anyway.
      if (a === 0 || b === 0) return 0;
      return a !== undefined && b !== undefined ? Math.fround(a * b) : undefined;
    case "add":
      return a !== undefined && b !== undefined ? Math.fround(a + b) : undefined;
    case "neg":
      return a === undefined ? undefined : -a;
    case "where":
      return b !== undefined && b === c ? b : undefined;
    default:
      return undefined;
  }
}

/** mul(mul(x, s), t) → mul(x, s·t). */
function mergeScales(equation: Equation, output: Value, scaled: Map<Value, { factor: number; of: Value }>): Equation {
  const [a, b] = equation.inputs;
  if (!a || !b || output.dtype !== "float32") return equation;
  const [value, literal] = isLiteral(b) ? [a, b] : [b, a];
  if (isLiteral(value) || !isLiteral(literal)) return equation;
  const before = scaled.get(value);
  const factor = before ? Math.fround(before.factor * literal.literal) : literal.literal;
  const of = before ? before.of : value;
  scaled.set(output, { factor, of });
  return before ? { ...equation, inputs: [of, { ...literal, literal: factor }] } : equation;
}
