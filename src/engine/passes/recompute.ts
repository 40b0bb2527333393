import { sizeOf } from "../../array/index.ts";
import { type Atom, type Equation, type Graph, isLiteral, type Value } from "../graph.ts";
import { dce } from "./dce.ts";
import { schedule } from "./schedule.ts";

/** Elements from which on a value is worth recomputing: 8 MB. */
const LARGE = 2 ** 21;
/** An operand may be kept for recomputing a value if it is this many times smaller. */
const SMALLER = 16;
/** Primitives that cost no more than a pass over memory. */
const cheap = new Set(["add", "sub", "mul", "max", "min", "neg"]);
/** Most equations that are run again for a value. */
const MOST = 4;
/** Primitives whose result shares their operand's memory. */
const views = new Set(["reshape", "transpose", "broadcast", "stop_gradient"]);

/**
 * Recomputes large values instead of keeping them across the point of peak memory, if a few cheap equations can do it
 * from values that are kept anyway: a ReLU's output, for example, from the centred values that BatchNorm's derivative
 * needs. Chen et al. 2016, https://arxiv.org/abs/1604.06174, but never with matrix products.
 * @param large least number of elements of a recomputed value
 */
export function recompute(original: Graph, large = LARGE): Graph {
  const graph = schedule(original);
  const { equations } = graph;
  const lives = livesOf(graph);
  const fullest = fullestPlace(graph, lives);
  const copied = new Set<Value>();

  /** Indices of the equations that compute a value from what is kept until `until`; undefined if they are too many. */
  function chainOf(value: Value, until: number, most = MOST): number[] | undefined {
    const at = lives.madeAt.get(value) ?? -1;
    const equation = equations[at];
    if (!equation || !cheap.has(equation.primitive) || most === 0) return undefined;
    const further = equation.inputs.flatMap((input): (number[] | undefined)[] => {
      if (isLiteral(input)) return [];
      const root = lives.rootOf(input);
      const isInput = !lives.madeAt.has(root);
      const isHeld = isInput || (!copied.has(root) && lives.lastUse(root) >= until);
      return isHeld || sizeOf(root.shape) * SMALLER <= sizeOf(value.shape) ? [] : [chainOf(input, until, most - 1)];
    });
    const places = [...further.flatMap((places) => places ?? []), at];
    return further.includes(undefined) || places.length > MOST ? undefined : [...new Set(places)].sort((a, b) => a - b);
  }

  const copies = new Map<number, { value: Value; chain: number[] }[]>();
  for (const value of equations.slice(0, fullest).flatMap(({ outputs }) => outputs)) {
    if (sizeOf(value.shape) < large || lives.lastUse(value) === equations.length) continue;
    const first = lives.usesOf(value).find((at) => at > fullest);
    const chain = first === undefined ? undefined : chainOf(value, first);
    if (first === undefined || !chain) continue;
    copied.add(value);
    copies.set(first, [...(copies.get(first) ?? []), { value, chain }]);
  }
  return copied.size === 0 ? original : withCopies(graph, lives, copies);
}

type Lives = ReturnType<typeof livesOf>;

/** Where values are defined and used; a use of a view is a use of the value whose memory it shares (its root). */
function livesOf({ equations, outputs }: Graph) {
  const roots = new Map<Value, Value>();
  const madeAt = new Map<Value, number>();
  const uses = new Map<Value, number[]>();
  const rootOf = (value: Value): Value => roots.get(value) ?? value;
  const use = (atom: Atom, at: number) => {
    if (isLiteral(atom)) return;
    const root = rootOf(atom);
    const places = uses.get(root);
    if (places) places.push(at);
    else uses.set(root, [at]);
  };
  equations.forEach((equation, at) => {
    for (const output of equation.outputs) madeAt.set(output, at);
    const [input] = equation.inputs;
    if (views.has(equation.primitive) && input && !isLiteral(input)) roots.set(equation.outputs[0]!, rootOf(input));
    else for (const each of equation.inputs) use(each, at);
  });
  for (const output of outputs) use(output, equations.length);
  const usesOf = (root: Value): readonly number[] => uses.get(root) ?? [];
  return { rootOf, madeAt, usesOf, lastUse: (root: Value) => usesOf(root).at(-1) ?? -1 };
}

/** Index of the equation at which most elements are held. */
function fullestPlace({ equations }: Graph, { lastUse }: Lives): number {
  const ends = globalThis.Array<number>(equations.length + 1).fill(0);
  let [held, most, place] = [0, 0, 0];
  equations.forEach(({ outputs }, at) => {
    for (const output of outputs) {
      const end = lastUse(output);
      if (end <= at) continue;
      held += sizeOf(output.shape);
      ends[end]! += sizeOf(output.shape);
    }
    if (held > most) [most, place] = [held, at];
    held -= ends[at]!;
  });
  return place;
}

/** @param copies by equation index: the values to recompute before it, and the equations to do it with */
function withCopies(
  graph: Graph,
  { rootOf, madeAt }: Lives,
  copies: ReadonlyMap<number, readonly { value: Value; chain: readonly number[] }[]>,
): Graph {
  const equations: Equation[] = [];
  const ids = [...graph.inputs, ...graph.equations.flatMap(({ outputs }) => outputs)].map(({ id }) => id);
  let next = ids.reduce((most, id) => Math.max(most, id), 0);
  const replaced = new Map<Value, Value>();
  /** Number of copies so far of values with these extents. */
  const alike = new Map<string, number>();

  const reshaped = (value: Value, shape: readonly number[]): Value => {
    const output = { ...value, id: ++next, shape };
    equations.push({ primitive: "reshape", inputs: [value], params: { shape }, outputs: [output] });
    return output;
  };
  /** An atom's current replacement; a view of a copied value becomes a view of the copy. */
  const resolve = (atom: Atom): Atom => {
    if (isLiteral(atom)) return atom;
    const replacement = replaced.get(atom);
    const equation = replacement || !replaced.has(rootOf(atom)) ? undefined : graph.equations[madeAt.get(atom)!];
    if (!equation) return replacement ?? atom;
    const output = { ...atom, id: ++next };
    equations.push({ ...equation, inputs: equation.inputs.map(resolve), outputs: [output] });
    replaced.set(atom, output);
    return output;
  };

  graph.equations.forEach((equation, at) => {
    for (const { value, chain } of copies.get(at) ?? []) {
      const made = new Map<Value, Value>();
      // Extra leading axes keep ONNX Runtime from merging the copy with the original, and from keeping an earlier
      // value's buffer for it (`Context.apart`).
      const extents = value.shape.join();
      const lead = globalThis.Array<number>(1 + (alike.get(extents) ?? 0)).fill(1);
      alike.set(extents, lead.length);
      for (const { inputs, outputs, ...rest } of chain.map((place) => graph.equations[place]!)) {
        const [output] = outputs as [Value];
        const copy = { ...output, id: ++next, shape: [...lead, ...output.shape] };
        const copiedInputs = inputs.map((input) =>
          isLiteral(input) ? input : (made.get(input) ?? reshaped(input, [...lead, ...input.shape])),
        );
        equations.push({ ...rest, inputs: copiedInputs, outputs: [copy] });
        made.set(output, copy);
      }
      replaced.set(value, reshaped(made.get(value)!, value.shape));
    }
    equations.push({ ...equation, inputs: equation.inputs.map(resolve) });
  });
  return dce({ ...graph, equations });
}
