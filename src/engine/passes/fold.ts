import { type Atom, type Equation, type Graph, isLiteral, type Literal, sameShape, type Value } from "../graph.ts";

/** These move or repeat their input's elements, so a constant stays the same constant. */
const views = new Set(["broadcast", "reshape", "transpose", "flip", "shrink", "stop_gradient"]);

/**
 * Constant folding: removes products with 0 and 1, sums with 0, `where` with equal branches, chains of scales and
 * signs, and movements that move nothing. Differentiation produces many of each.
 */
export function fold(graph: Graph): Graph {
  const replaced = new Map<Value, Atom>();
  /** Values whose elements all equal one known number. */
  const constant = new Map<Value, number>();
  /** `value = factor · of`, for chains of scalar products. */
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
    equation = mergeScales(equation, output, scaled, numberOf);
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
    const value = cancels(equation, scaled) ? 0 : constantOf(equation, equation.inputs.map(numberOf));
    if (value !== undefined) {
      constant.set(output, value);
      if (output.shape.length === 0) {
        replaced.set(output, { literal: value, dtype: output.dtype, shape: [] } satisfies Literal);
        continue;
      }
      // A broadcast literal is the cheapest form; dead code elimination removes what it was computed from.
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

/** x − x, which is 0 for every finite x. */
function cancels({ primitive, inputs: [a, b] }: Equation, scaled: Map<Value, { factor: number; of: Value }>): boolean {
  if (primitive !== "add" || !a || !b || isLiteral(a) || isLiteral(b)) return false;
  const [left, right] = [scaled.get(a), scaled.get(b)];
  return (left?.factor === -1 && left.of === b) || (right?.factor === -1 && right.of === a);
}

function constantOf({ primitive }: Equation, inputs: readonly (number | undefined)[]): number | undefined {
  const [a, b, c] = inputs;
  if (views.has(primitive)) return a;
  switch (primitive) {
    case "mul":
      // 0 · x is 0 for every finite x; a training step with an infinity has failed anyway.
      if (a === 0 || b === 0) return 0;
      return a !== undefined && b !== undefined ? Math.fround(a * b) : undefined;
    case "add":
      return a !== undefined && b !== undefined ? Math.fround(a + b) : undefined;
    case "neg":
      return a === undefined ? undefined : -a;
    case "dot":
      return a === 0 || b === 0 ? 0 : undefined;
    case "reduce":
      return a === 0 ? 0 : undefined;
    case "where":
      return b !== undefined && b === c ? b : undefined;
    default:
      return undefined;
  }
}

/** Merges chains of scales: mul(mul(x, s), t) → mul(x, s·t); −x counts as a scale of −1, x + x as one of 2. */
function mergeScales(
  equation: Equation,
  output: Value,
  scaled: Map<Value, { factor: number; of: Value }>,
  numberOf: (atom: Atom) => number | undefined,
): Equation {
  if (output.dtype !== "float32") return equation;
  const scale = scaleOf(equation, numberOf);
  if (!scale || !sameShape(scale.of.shape, output.shape)) return equation;
  const before = scaled.get(scale.of);
  const factor = before ? Math.fround(before.factor * scale.factor) : scale.factor;
  const of = before ? before.of : scale.of;
  scaled.set(output, { factor, of });
  if (factor === -1) return { ...equation, primitive: "neg", inputs: [of], params: {} };
  return { ...equation, primitive: "mul", inputs: [of, { literal: factor, dtype: "float32", shape: [] }], params: {} };
}

/** The operand and the factor of an equation that only scales. */
function scaleOf(
  { primitive, inputs: [a, b] }: Equation,
  numberOf: (atom: Atom) => number | undefined,
): { of: Value; factor: number } | undefined {
  if (!a) return undefined;
  if (isLiteral(a)) return primitive === "mul" && b && !isLiteral(b) ? { of: b, factor: a.literal } : undefined;
  if (primitive === "neg") return { of: a, factor: -1 };
  if (primitive === "add" && a === b) return { of: a, factor: 2 };
  if (primitive !== "mul" || !b) return undefined;
  const right = numberOf(b);
  if (right !== undefined) return { of: a, factor: right };
  const left = numberOf(a);
  return left !== undefined && !isLiteral(b) ? { of: b, factor: left } : undefined;
}
