import type { TensorSpec } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";

/** A series has one axis, an image two, a video three. */
export const MOST_AXES = 3;

/** An input of numbers on a grid: a tensor `[channels, ...extents]`. */
export interface GridInput {
  readonly name: string;
  readonly channels: number;
  /** Length of a series, height and width of an image, frames, height and width of a video. */
  readonly extents: readonly number[];
}

/**
 * The one float32 input on a grid; others, such as token ids, are ignored.
 * @param reader named in the message: `encoder vit`
 * @param axes the fewest and the most besides the channels
 * @throws UserError when there is none, or several
 */
export function gridInput(
  specs: Readonly<Record<string, TensorSpec>>,
  reader: string,
  axes: readonly [least: number, most: number] = [1, MOST_AXES],
): GridInput {
  const [least, most] = axes;
  const fitting = Object.entries(specs).flatMap(([name, { dtype, shape }]): GridInput[] => {
    const [channels = 0, ...extents] = shape;
    // Nodes of graphs are in no order.
    const isGrid = !("edges" in specs) && dtype === "float32" && extents.length >= least && extents.length <= most;
    return isGrid ? [{ name, channels, extents }] : [];
  });
  const [found] = fitting;
  if (found && fitting.length === 1) return found;
  throw new UserError(
    `${reader} reads one tensor of channels and ${least === most ? least : `${least} to ${most}`} axes, such as pixels; this data has ${fitting.length || "none"}`,
  );
}
