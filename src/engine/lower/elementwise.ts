import { type Equation, isLiteral, sameShape } from "../graph.ts";
import { type Context, type Lowering, storedSize } from "./context.ts";
import { dataTypeOf } from "./onnx.ts";
import { padRank, storageOrder, storedShape, type View } from "./view.ts";

/** The operands that say of which type a literal among them is: all others, or the literals where there are no others. */
const typing = ({ inputs }: Equation) => {
  const variables = inputs.filter((input) => !isLiteral(input));
  return variables.length > 0 ? variables : inputs;
};

/** Whether a view has a convolution's order: pixels first, channels last. */
function isPixelRows(view: View): boolean {
  const axes = view.shape.map((_, axis) => axis);
  return view.shape.length > 2 && sameShape(storageOrder(view), [...axes.slice(2), 0, 1]);
}

/**
 * Applies an elementwise operator in the memory order of the largest operand. The others, usually a bias or a scale,
 * are brought to that order; the result is a view in it. Of several equally large ones a convolution's result counts:
 * in a residual network the next convolution would have to bring everything to its order again.
 */
function inSharedOrder(context: Context, equation: Equation, apply: (operands: string[]) => string): void {
  const output = equation.outputs[0]!;
  const rank = output.shape.length;
  const typed = typing(equation).find((input) => input.dtype !== "bool") ?? output;
  const literalType = equation.primitive === "compare" ? typed.dtype : output.dtype;
  const views = equation.inputs.map((input, index) =>
    padRank(context.view(input, equation.primitive === "where" && index === 0 ? "bool" : literalType), rank),
  );
  // An axis that all operands repeat stays repeated in the result.
  const covered = output.shape.map((_, axis) => Math.max(...views.map((view) => storedShape(view)[axis]!)));
  const most = Math.max(...views.map(storedSize));
  const largest = views.filter((view) => storedSize(view) === most);
  const stored = storageOrder(largest.find(isPixelRows) ?? largest[0]!);
  const axes = output.shape.map((_, axis) => axis);
  const order = stored.length === axes.filter((axis) => covered[axis] !== 1).length ? [...stored] : axes;
  // Axes of extent 1 go in front, where they cost nothing.
  const complete = [...axes.filter((axis) => !order.includes(axis)), ...order];
  const isScalar = (view: View) => view.base.length === 0;
  const result = apply(views.map((view) => (isScalar(view) ? view.name : context.inOrder(view, complete))));
  if (views.every(isScalar)) {
    context.set(output, { name: result, base: [], map: axes.map(() => -1), shape: output.shape });
    return;
  }
  const base = complete.map((axis) => covered[axis]!);
  const map = axes.map((axis) => (covered[axis] === 1 && output.shape[axis] !== 1 ? -1 : complete.indexOf(axis)));
  context.set(output, { name: result, base, map, shape: output.shape });
}

const binary =
  (op: string, onBooleans = op): Lowering =>
  (context, equation) =>
    inSharedOrder(context, equation, (operands) =>
      context.emit(equation.outputs[0]!.dtype === "bool" ? onBooleans : op, operands),
    );

/** Unary operators work on the stored elements, whatever their order or repetition. */
function onStoredElements(context: Context, equation: Equation, apply: (name: string) => string): void {
  const view: View = context.view(equation.inputs[0]!);
  context.set(equation.outputs[0]!, { ...view, name: apply(view.name), shape: equation.outputs[0]!.shape });
}

const unary =
  (op: string): Lowering =>
  (context, equation) =>
    onStoredElements(context, equation, (name) => context.emit(op, [name]));

const comparisons: Record<string, (context: Context, operands: string[]) => string> = {
  less: (context, operands) => context.emit("Less", operands),
  less_equal: (context, operands) => context.emit("LessOrEqual", operands),
  equal: (context, operands) => context.emit("Equal", operands),
  not_equal: (context, operands) => context.emit("Not", [context.emit("Equal", operands)]),
};

export const elementwise: Record<string, Lowering> = {
  add: binary("Add", "Or"),
  mul: binary("Mul", "And"),
  sub: binary("Sub"),
  div: binary("Div"),
  min: binary("Min", "And"),
  max: binary("Max", "Or"),
  /** Truncates, like C. */
  idiv: (context, equation) =>
    inSharedOrder(context, equation, (operands) => {
      const quotient = context.emit("Div", operands);
      if (equation.outputs[0]!.dtype !== "float32") return quotient;
      const magnitude = context.emit("Floor", [context.emit("Abs", [quotient])]);
      return context.emit("Mul", [context.emit("Sign", [quotient]), magnitude]);
    }),
  /** Takes the sign of the numerator, like C. */
  mod: (context, equation) =>
    inSharedOrder(context, equation, (operands) => context.emit("Mod", operands, { fmod: 1 })),
  compare: (context, equation) => {
    const { op } = equation.params;
    const compare = typeof op === "string" ? comparisons[op] : undefined;
    if (!compare) throw new Error(`compare: no lowering for ${String(op)}`);
    inSharedOrder(context, equation, (operands) => {
      const booleans = typing(equation).every((input) => input.dtype === "bool");
      const to = dataTypeOf("int32");
      return compare(context, booleans ? operands.map((name) => context.emit("Cast", [name], { to })) : operands);
    });
  },
  where: (context, equation) => inSharedOrder(context, equation, (operands) => context.emit("Where", operands)),
  neg: unary("Neg"),
  reciprocal: unary("Reciprocal"),
  floor: unary("Floor"),
  ceil: unary("Ceil"),
  exp: unary("Exp"),
  log: unary("Log"),
  sqrt: unary("Sqrt"),
  sin: unary("Sin"),
  cos: unary("Cos"),
  asin: unary("Asin"),
  atan: unary("Atan"),
  erf: unary("Erf"),
  erfc: (context, equation) =>
    onStoredElements(context, equation, (name) =>
      context.emit("Sub", [context.writer.constant("float32", [1], []), context.emit("Erf", [name])]),
    ),
  /**
   * Exact GELU. The standard has `Gelu` from opset 20 on, which fewer runtimes support, so exported files spell it
   * out.
   */
  gelu: (context, equation) =>
    onStoredElements(context, equation, (x) => {
      if (!context.portable) return context.emit("Gelu", [x], {}, "com.microsoft");
      const number = (value: number) => context.writer.constant("float32", [value], []);
      const phi = context.emit("Mul", [
        context.emit("Add", [context.emit("Erf", [context.emit("Mul", [x, number(Math.SQRT1_2)])]), number(1)]),
        number(0.5),
      ]);
      return context.emit("Mul", [x, phi]);
    }),
  /** 1 above 0 and 0 elsewhere: so steep that every normal number reaches 0 or 1. */
  step: (context, equation) =>
    onStoredElements(context, equation, (name) =>
      context.emit("HardSigmoid", [name], { alpha: { float: 3.4e38 }, beta: { float: 0 } }),
    ),
  /** (x + 1) / 2, for x in [−1, 1]. */
  halfway: (context, equation) =>
    onStoredElements(context, equation, (name) =>
      context.emit("HardSigmoid", [name], { alpha: { float: 0.5 }, beta: { float: 0.5 } }),
    ),
  stop_gradient: (context, equation) => onStoredElements(context, equation, (name) => name),
  cast: (context, equation) => {
    const { dtype } = equation.outputs[0]!;
    onStoredElements(context, equation, (name) => context.emit("Cast", [name], { to: dataTypeOf(dtype) }));
  },
};
