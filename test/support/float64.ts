import { sizeOf, type Tensor } from "../../src/array/index.ts";
import { type Atom, type Equation, type Graph, integer, integers, isLiteral, pairs } from "../../src/engine/graph.ts";
import { erf, erfc } from "./erf.ts";

/** Numbers in double precision, row-major; booleans are 0 and 1. */
export interface Doubles {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Calls `visit` with each index of the shape, row-major; the index is one array that changes. */
function eachIndex(shape: readonly number[], visit: (index: readonly number[], at: number) => void): void {
  const index = shape.map(() => 0);
  const size = sizeOf(shape);
  for (let at = 0; at < size; at++) {
    visit(index, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Where an index lies in memory, or −1 outside the shape. */
function offsetOf(shape: readonly number[], index: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const at = index[axis]!;
    if (at < 0 || at >= shape[axis]!) return -1;
    offset = offset * shape[axis]! + at;
  }
  return offset;
}

function make(shape: readonly number[], value: (index: readonly number[], at: number) => number): Doubles {
  const data = new Float64Array(sizeOf(shape));
  eachIndex(shape, (index, at) => {
    data[at] = value(index, at);
  });
  return { shape, data };
}

/** The element that broadcasting shows at an index of a larger shape. */
function shown({ shape, data }: Doubles, index: readonly number[]): number {
  const skipped = index.length - shape.length;
  return data[
    offsetOf(
      shape,
      shape.map((extent, axis) => (extent === 1 ? 0 : index[skipped + axis]!)),
    )
  ]!;
}

const inside = ({ shape, data }: Doubles, index: readonly number[]): number => data[offsetOf(shape, index)] ?? 0;

const unary: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  reciprocal: (x) => 1 / x,
  floor: Math.floor,
  ceil: Math.ceil,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  asin: Math.asin,
  atan: Math.atan,
  erf,
  erfc,
  stop_gradient: (x) => x,
};

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  sub: (a, b) => a - b,
  min: Math.min,
  max: Math.max,
  idiv: (a, b) => Math.trunc(a / b),
  mod: (a, b) => a % b,
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  less: (a, b) => a < b,
  less_equal: (a, b) => a <= b,
  equal: (a, b) => a === b,
  not_equal: (a, b) => a !== b,
};

type Rule = (equation: Equation, ...inputs: Doubles[]) => Doubles;

const shapeOf = (equation: Equation) => equation.outputs[0]!.shape;
const named = <Value>(table: Readonly<Record<string, Value>>, name: unknown): Value => {
  const found = typeof name === "string" ? table[name] : undefined;
  if (found === undefined) throw new Error(`no rule in double precision for ${String(name)}`);
  return found;
};

const rules: Readonly<Record<string, Rule>> = {
  compare: (equation, a, b) => {
    const compare = named(comparisons, equation.params.op);
    return make(shapeOf(equation), (index) => Number(compare(shown(a!, index), shown(b!, index))));
  },
  where: (equation, condition, yes, no) =>
    make(shapeOf(equation), (index) => shown(shown(condition!, index) ? yes! : no!, index)),
  cast: (equation, x) => {
    const { dtype } = equation.outputs[0]!;
    const convert = dtype === "float32" ? Number : dtype === "bool" ? (v: number) => +(v !== 0) : Math.trunc;
    return { shape: x!.shape, data: x!.data.map(convert) };
  },
  reduce: (equation, x) => {
    const axes = integers(equation, "axis");
    const combine = named(binary, String(equation.params.op).toLowerCase());
    const result = make(shapeOf(equation), () => Number.NaN);
    const seen = new Uint8Array(result.data.length);
    eachIndex(x!.shape, (index, at) => {
      const to = offsetOf(
        result.shape,
        index.filter((_, axis) => !axes.includes(axis)),
      );
      result.data[to] = seen[to] ? combine(result.data[to]!, x!.data[at]!) : x!.data[at]!;
      seen[to] = 1;
    });
    return result;
  },
  dot: (equation, a, b) => {
    const inner = Math.max(a!.shape.at(-1)!, b!.shape.at(-1)!);
    return make(shapeOf(equation), (index) => {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += shown(a!, [...index, k]) * shown(b!, [...index, k]);
      return sum;
    });
  },
  conv: (equation, x, kernel) => {
    if (integer(equation, "vmapDims") !== 0) throw new Error("no grouped convolutions");
    const [strides, apart, spread] = ["strides", "lhsDilation", "rhsDilation"].map((key) => integers(equation, key));
    const padding = pairs(equation, "padding");
    const window = kernel!.shape.slice(2);
    return make(shapeOf(equation), ([sample = 0, channel = 0, ...place]) => {
      let sum = 0;
      for (let input = 0; input < kernel!.shape[1]!; input++)
        eachIndex(window, (offset) => {
          const from = place.map((at, axis) => {
            const exact = (at * strides![axis]! + offset[axis]! * spread![axis]! - padding[axis]![0]) / apart![axis]!;
            return Number.isInteger(exact) ? exact : -1;
          });
          sum += inside(x!, [sample, input, ...from]) * inside(kernel!, [channel, input, ...offset]);
        });
      return sum;
    });
  },
  pool: (equation, x) => {
    const strides = integers(equation, "strides");
    const [rank, windowRank] = [x!.shape.length, strides.length];
    const lead = rank - windowRank;
    return make(shapeOf(equation), (index) =>
      inside(
        x!,
        x!.shape.map((_, axis) =>
          axis < lead ? index[axis]! : index[axis]! * strides[axis - lead]! + index[rank + axis - lead]!,
        ),
      ),
    );
  },
  pool_transpose: (equation, x) => {
    const strides = integers(equation, "strides");
    const shape = integers(equation, "inShape");
    const lead = shape.length - strides.length;
    const result = make(shape, () => 0);
    eachIndex(x!.shape, (index, at) => {
      const to = shape.map((_, axis) =>
        axis < lead ? index[axis]! : index[axis]! * strides[axis - lead]! + index[shape.length + axis - lead]!,
      );
      result.data[offsetOf(shape, to)]! += x!.data[at]!;
    });
    return result;
  },
  transpose: (equation, x) => {
    const perm = integers(equation, "perm");
    return make(shapeOf(equation), (index) =>
      inside(
        x!,
        perm.map((_, axis) => index[perm.indexOf(axis)]!),
      ),
    );
  },
  broadcast: (equation, x) => {
    const added = integers(equation, "axis");
    return make(shapeOf(equation), (index) =>
      inside(
        x!,
        index.filter((_, axis) => !added.includes(axis)),
      ),
    );
  },
  reshape: (equation, x) => ({ shape: shapeOf(equation), data: x!.data }),
  flip: (equation, x) => {
    const axes = integers(equation, "axis");
    return make(x!.shape, (index) =>
      inside(
        x!,
        index.map((at, axis) => (axes.includes(axis) ? x!.shape[axis]! - 1 - at : at)),
      ),
    );
  },
  shrink: (equation, x) => {
    const cuts = pairs(equation, "slice");
    return make(shapeOf(equation), (index) =>
      inside(
        x!,
        index.map((at, axis) => at + cuts[axis]![0]),
      ),
    );
  },
  pad: (equation, x) => {
    const widths = pairs(equation, "width");
    return make(shapeOf(equation), (index) =>
      inside(
        x!,
        index.map((at, axis) => at - widths[axis]![0]),
      ),
    );
  },
  concatenate: (equation, ...parts) => {
    const along = integer(equation, "axis");
    return make(shapeOf(equation), (index) => {
      let at = index[along]!;
      const part = parts.find(({ shape }) => {
        if (at < shape[along]!) return true;
        at -= shape[along]!;
        return false;
      })!;
      return inside(part, index.with(along, at));
    });
  },
  gather: (equation, x, ...indices) => {
    const [axes, outDim] = [integers(equation, "axis"), integer(equation, "outDim")];
    const rank = Math.max(...indices.map(({ shape }) => shape.length));
    return make(shapeOf(equation), (index) => {
      const place = index.slice(outDim, outDim + rank);
      const rest = index.toSpliced(outDim, rank);
      const from = x!.shape.map((_, axis) =>
        axes.includes(axis) ? shown(indices[axes.indexOf(axis)]!, place) : rest.shift()!,
      );
      return inside(x!, from);
    });
  },
  sort: (equation, x) => {
    const data = new Float64Array(x!.data.length);
    const length = x!.shape.at(-1)!;
    for (let at = 0; at < data.length; at += length) data.set(x!.data.slice(at, at + length).sort(), at);
    return { shape: shapeOf(equation), data };
  },
};

function evaluate(equation: Equation, inputs: readonly Doubles[]): Doubles[] {
  const { primitive } = equation;
  const one = unary[primitive];
  if (one) return [{ shape: inputs[0]!.shape, data: inputs[0]!.data.map((x) => one(x)) }];
  const two = binary[primitive];
  if (two) return [make(shapeOf(equation), (index) => two(shown(inputs[0]!, index), shown(inputs[1]!, index)))];
  if (primitive === "split") {
    const along = integer(equation, "axis");
    let start = 0;
    return equation.outputs.map(({ shape }) => {
      const from = start;
      start += shape[along]!;
      return make(shape, (index) => inside(inputs[0]!, index.with(along, from + index[along]!)));
    });
  }
  if (primitive === "argsort") {
    const order = argsort(inputs[0]!);
    return [
      { shape: order.shape, data: order.data.map((row, at) => inputs[0]!.data[at - (at % order.length) + row]!) },
      order,
    ];
  }
  return [named(rules, primitive)(equation, ...inputs)];
}

/** The order of each last axis, smallest first. */
function argsort({ shape, data }: Doubles): Doubles & { length: number } {
  const length = shape.at(-1)!;
  const order = Float64Array.from(data, (_, at) => at % length);
  for (let start = 0; start < order.length; start += length)
    order.subarray(start, start + length).sort((a, b) => data[start + a]! - data[start + b]! || a - b);
  return { shape, data: order, length };
}

/** The graph's outputs in double precision: slow, short, and owing nothing to either engine. */
export function interpretGraph(graph: Graph, inputs: readonly Tensor[]): Doubles[] {
  const values = new Map<Atom, Doubles>(
    graph.inputs.map((value, index) => {
      const { shape, data } = inputs[index]!;
      return [value, { shape, data: Float64Array.from(data) }];
    }),
  );
  const valueOf = (atom: Atom): Doubles =>
    isLiteral(atom) ? { shape: [], data: Float64Array.of(atom.literal) } : values.get(atom)!;
  for (const equation of graph.equations) {
    const results = evaluate(equation, equation.inputs.map(valueOf));
    for (const [index, output] of equation.outputs.entries()) values.set(output, results[index]!);
  }
  return graph.outputs.map(valueOf);
}
