import { type Array, constant, float32, np, sizeOf, type Tensor } from "../../array/index.ts";

/** Cosines and sines of the angles by which queries and keys are rotated, each broadcastable to `[batch, heads, tokens, headDim]`. */
export interface Rotation {
  readonly cos: Array;
  readonly sin: Array;
}

/**
 * Rotary positions: pairs of a query's or key's values are rotated by an angle that grows with the position, so that
 * their product depends on the distance only. Su et al. 2021, https://arxiv.org/abs/2104.09864. A pair has one value from
 * each half of the head, as in GPT-NeoX and Llama; the paper pairs neighbours, which is the same up to the order of the
 * weights' rows.
 * @param x `[batch, heads, tokens, headDim]`, headDim even
 */
export function rotate(x: Array): Array {
  const [tokens, headDim] = x.shape.slice(-2) as [number, number];
  return rotateBy(x, sequenceRotation(tokens, headDim));
}

/** The rotation of a sequence's tokens. @param base of the frequencies: the larger, the slower the slowest turns */
export function sequenceRotation(tokens: number, headDim: number, base = 10_000): Rotation {
  const half = headDim / 2;
  const angles = Float32Array.from({ length: tokens * half }, (_, index) => {
    const position = Math.floor(index / half);
    return position * base ** (-(index % half) / half);
  });
  return rotationOf(float32(angles, [tokens, half]));
}

/** The same by given angles. */
export function rotateBy(x: Array, { cos, sin }: Rotation): Array {
  const [first, second] = np.split(x, 2, -1);
  const turned = np.concatenate([np.negative(second!), first!], -1);
  return np.add(np.multiply(x, cos), np.multiply(turned, sin));
}

/** Cosines and sines, `[tokens, headDim]`, of angles `[tokens, headDim / 2]`. */
export function rotationOf({ data, shape }: Tensor): Rotation {
  const [tokens = 0, half = 0] = shape;
  const table = (of: (angle: number) => number) =>
    constant(
      float32(
        Float32Array.from({ length: tokens * 2 * half }, (_, index) =>
          of(data[Math.floor(index / (2 * half)) * half + (index % half)]!),
        ),
        [tokens, 2 * half],
      ),
    );
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Base of the frequencies of `gridAngles`, DINOv3's. */
const GRID_BASE = 100;

/**
 * Angles of rotary positions on a grid of any number of axes, `[cells, headDim / 2]`, cells in row-major order: each axis has
 * an even share of the pairs, and the centres of cells lie between −1 and 1, whatever their number. DINOv3, Siméoni et
 * al. 2025, https://arxiv.org/abs/2508.10104. Its random rescaling of the coordinates in training is left out.
 * @param headDim a multiple of twice the number of axes
 */
export function gridAngles(grid: readonly number[], headDim: number): Tensor {
  const count = sizeOf(grid);
  const half = headDim / 2;
  const share = half / grid.length;
  const values = new Float32Array(count * half);
  let stride = count;
  for (const [axis, extent] of grid.entries()) {
    stride /= extent;
    for (let cell = 0; cell < count; cell++) {
      const place = (2 * ((Math.floor(cell / stride) % extent) + 0.5)) / extent - 1;
      for (let i = 0; i < share; i++)
        values[cell * half + axis * share + i] = 2 * Math.PI * place * GRID_BASE ** (-i / share);
    }
  }
  return float32(values, [count, half]);
}
