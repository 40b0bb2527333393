import { type Array, np } from "../../array/index.ts";

/** How a series is cut into patches that may overlap; what does not fill a patch is left out at the beginning. */
export interface StridedPatches {
  readonly length: number;
  /** From one patch to the next; divides `length`. */
  readonly stride: number;
}

/** Patches in a series. */
export const countOfPatches = (steps: number, { length, stride }: StridedPatches): number =>
  steps < length ? 0 : Math.floor((steps - length) / stride) + 1;

const part = (x: Array, from: number, to: number, axis: number): Array => {
  const extent = x.shape[axis]!;
  const cuts = [from, to].filter((cut) => cut > 0 && cut < extent);
  return cuts.length === 0 ? x : np.split(x, cuts, axis)[from > 0 ? 1 : 0]!;
};

/** `[rows, steps]` → `[rows, patches, length]`: the last patch ends where the series does. */
export function stridedPatches(x: Array, patches: StridedPatches): Array {
  const { length, stride } = patches;
  const [rows = 0, steps = 0] = x.shape;
  const count = countOfPatches(steps, patches);
  const parts = length / stride;
  const strides = count + parts - 1;
  const used = np.reshape(part(x, steps - strides * stride, steps, 1), [rows, strides, stride]);
  const shifted = globalThis.Array.from({ length: parts }, (_, at) => part(used, at, at + count, 1));
  return shifted.length === 1 ? shifted[0]! : np.concatenate(shifted, 2);
}

/** The inverse, `[rows, patches, length]` → `[rows, steps]`: means where patches overlap, 0 at what no patch has. */
export function joinedPatches(x: Array, steps: number, { length, stride }: StridedPatches): Array {
  const [rows = 0, count = 0] = x.shape;
  const parts = length / stride;
  const strides = count + parts - 1;
  const moved = globalThis.Array.from({ length: parts }, (_, at) => {
    const piece = part(x, at * stride, (at + 1) * stride, 2);
    const [before, after] = [at, parts - 1 - at].map((some) => (some > 0 ? [np.zeros([rows, some, stride])] : []));
    const all = [...before!, piece, ...after!];
    return all.length === 1 ? piece : np.concatenate(all, 1);
  });
  const sum = moved.reduce((one, other) => np.add(one, other));
  // How many patches each stretch is in.
  const shares = Float32Array.from({ length: strides }, (_, at) => 1 / Math.min(at + 1, parts, strides - at, count));
  const mean = np.multiply(sum, np.reshape(np.array(shares), [1, strides, 1]));
  const series = np.reshape(mean, [rows, strides * stride]);
  const missing = steps - strides * stride;
  return missing > 0 ? np.concatenate([np.zeros([rows, missing]), series], 1) : series;
}
