import { sizeOf } from "../../array/index.ts";
import { integers } from "../graph.ts";
import type { Lowering } from "./context.ts";
import { spread } from "./conv.ts";
import { dense } from "./view.ts";

/** All offsets within a window, row-major. */
const offsets = (window: readonly number[]): number[][] =>
  window.reduce<number[][]>(
    (prefixes, extent) =>
      prefixes.flatMap((prefix) => globalThis.Array.from({ length: extent }, (_, offset) => [...prefix, offset])),
    [[]],
  );

/**
 * `[lead…, space…]` → `[lead…, out…, window…]`: one strided slice per offset, stacked in front so that copies are
 * large.
 */
const pool: Lowering = (context, equation) => {
  const input = equation.inputs[0]!;
  const window = integers(equation, "window");
  const strides = integers(equation, "strides");
  const output = equation.outputs[0]!;
  const first = input.shape.length - window.length;
  const extents = output.shape.slice(0, input.shape.length);
  const source = context.full(input);
  const slices = offsets(window).map((offset) => {
    const cuts = offset.map((start, index) => {
      const step = strides[index]!;
      return { axis: first + index, start, end: start + (extents[first + index]! - 1) * step + 1, step };
    });
    return context.reshape(context.slice(source, cuts), extents, [1, ...extents]);
  });
  const base = [...window, ...extents];
  const stacked = context.emit("Concat", slices, { axis: 0 });
  const name = context.reshape(stacked, [slices.length, ...extents], base);
  const map = [...extents.map((_, axis) => axis + window.length), ...window.map((_, axis) => axis)];
  context.set(output, { ...dense(name, base), map, shape: output.shape });
};

/** The transpose of `pool`: adds each window's elements to the positions they came from. */
const poolTranspose: Lowering = (context, equation) => {
  const input = equation.inputs[0]!;
  const window = integers(equation, "window");
  const strides = integers(equation, "strides");
  const shape = integers(equation, "inShape");
  const rank = shape.length;
  const first = rank - window.length;
  const extents = input.shape.slice(0, rank);
  // Repeats are written out, since each window's copy goes elsewhere. Windows come first, so that each is one block.
  const windowAxes = window.map((_, index) => rank + index);
  const order = [...windowAxes, ...extents.map((_, axis) => axis)];
  const view = context.view(input);
  const count = sizeOf(window);
  const compact = context.inOrder(view, order);
  const all = order.map((axis) => input.shape[axis]!);
  const expanded = context.emit("Expand", [compact, context.extents(all)]);
  const blocks = context.reshape(expanded, all, [count, ...extents]);
  const steps = [...extents.slice(0, first).map(() => 1), ...strides];
  const pieces = offsets(window).map((offset, index) => {
    const block = context.reshape(
      context.slice(blocks, [{ axis: 0, start: index, end: index + 1 }]),
      [1, ...extents],
      extents,
    );
    const apart = spread(context, block, extents, steps);
    const spreadShape = extents.map((extent, axis) => (extent - 1) * steps[axis]! + 1);
    const widths = shape.map((extent, axis): [number, number] => {
      const before = axis < first ? 0 : offset[axis - first]!;
      return [before, extent - before - spreadShape[axis]!];
    });
    return context.pad(apart, widths, spreadShape);
  });
  context.setDense(equation, pieces.length === 1 ? pieces[0]! : context.emit("Sum", pieces));
};

export const windows: Record<string, Lowering> = { pool, pool_transpose: poolTranspose };
