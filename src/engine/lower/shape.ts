import { integer, integers, pairs, sameShape } from "../graph.ts";
import type { Context, Lowering } from "./context.ts";
import { dense, squeezed, storageOrder, storedShape, transposed, type View } from "./view.ts";

/**
 * Splits a reshape into groups of adjacent axes with equal numbers of elements.
 * @returns the source and target axes of each group
 */
function axisGroups(from: readonly number[], to: readonly number[]): { source: number[]; target: number[] }[] {
  const groups: { source: number[]; target: number[] }[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    const source = i < from.length ? [i] : [];
    const target = j < to.length ? [j] : [];
    let left = i < from.length ? from[i++]! : 1;
    let right = j < to.length ? to[j++]! : 1;
    while (left !== right) {
      if (left < right) {
        source.push(i);
        left *= from[i++]!;
      } else {
        target.push(j);
        right *= to[j++]!;
      }
    }
    groups.push({ source, target });
  }
  return groups;
}

/**
 * The view after a reshape that splits and merges axes. If each group of axes is adjacent in memory, nothing moves,
 * whatever the order of the groups; otherwise the axes are put in order first. Undefined if a group repeats in part.
 */
function regrouped(context: Context, view: View, shape: readonly number[]): View | undefined {
  const compact = storedShape(view);
  const groups = axisGroups(view.shape, shape).map(({ source, target }) => ({
    source: source.filter((axis) => compact[axis] !== 1),
    target,
    repeats: source.some((axis) => compact[axis] !== view.shape[axis]),
  }));
  if (groups.some(({ source, repeats }) => repeats && source.length > 0)) return undefined;
  const stored = storageOrder(view);
  const place = ({ source }: { source: number[] }) => stored.indexOf(source[0] ?? -1);
  const together = groups.every((group) => group.source.every((axis, index) => stored[place(group) + index] === axis));
  const inStore = groups
    .filter(({ source }) => source.length > 0)
    .sort((a, b) => (together ? place(a) - place(b) : 0))
    .flatMap(({ target }) => target);
  const base = inStore.map((axis) => shape[axis]!);
  const name = together
    ? context.reshape(view.name, view.base, base)
    : context.reshape(context.compact(view), compact, base);
  return { name, base, map: shape.map((_, axis) => inStore.indexOf(axis)), shape };
}

export const shapes: Record<string, Lowering> = {
  transpose: (context, equation) => {
    const view = context.view(equation.inputs[0]!);
    context.set(equation.outputs[0]!, transposed(view, integers(equation, "perm")));
  },
  broadcast: (context, equation) => {
    const view = context.view(equation.inputs[0]!);
    const added = new Set(integers(equation, "axis"));
    const output = equation.outputs[0]!;
    let next = 0;
    const map = output.shape.map((_, axis) => (added.has(axis) ? -1 : view.map[next++]!));
    context.set(output, { ...view, map, shape: output.shape });
  },
  reshape: (context, equation) => {
    const input = equation.inputs[0]!;
    const output = equation.outputs[0]!;
    const view = context.view(input);
    const trivial = squeezed(view, output.shape);
    if (trivial) {
      context.set(output, trivial);
      return;
    }
    const lazy = regrouped(context, view, output.shape);
    if (lazy) context.set(output, lazy);
    else context.setDense(equation, context.reshape(context.full(input), view.shape, output.shape));
  },
  flip: (context, equation) => {
    const input = equation.inputs[0]!;
    const axes = integers(equation, "axis");
    if (axes.length === input.shape.length - 2 && axes.every((axis) => axis >= 2))
      context.noteFlip(equation.outputs[0]!, input);
    // From the last element down to the first.
    const cuts = axes.map((axis) => ({ axis, start: -1, end: -(2 ** 31), step: -1 }));
    context.setDense(equation, context.slice(context.full(input), cuts));
  },
  shrink: (context, equation) => {
    const input = equation.inputs[0]!;
    const cuts = pairs(equation, "slice").flatMap(([start, end], axis) =>
      start === 0 && end === input.shape[axis] ? [] : [{ axis, start, end }],
    );
    context.setDense(equation, context.slice(context.full(input), cuts));
  },
  pad: (context, equation) => {
    const input = equation.inputs[0]!;
    context.setDense(equation, context.pad(context.full(input), pairs(equation, "width"), input.shape));
  },
  concatenate: (context, equation) =>
    context.setDense(
      equation,
      context.emit(
        "Concat",
        equation.inputs.map((input) => context.full(input)),
        { axis: integer(equation, "axis") },
      ),
    ),
  split: (context, equation) => {
    const axis = integer(equation, "axis");
    let start = 0;
    const source = context.full(equation.inputs[0]!);
    for (const output of equation.outputs) {
      const end = start + output.shape[axis]!;
      const whole = sameShape(output.shape, equation.inputs[0]!.shape);
      context.set(output, dense(whole ? source : context.slice(source, [{ axis, start, end }]), output.shape));
      start = end;
    }
  },
};
