import { type Array, constant, filled, float32, np, type Rng, type Traced } from "../array/index.ts";
import { batchNorm } from "./batch-norm.ts";
import { conv } from "./conv.ts";
import type { ParamsOf } from "./layer.ts";
import { linear } from "./linear.ts";
import { relu } from "./relu.ts";

/** Sides from the one above `from` up to `to`, each half the next, rounded up: what strided convolutions went through. */
function sidesBetween(from: number, to: number): number[] {
  const sides: number[] = [];
  for (let side = to; side > from; side = Math.ceil(side / 2)) sides.unshift(side);
  return sides.length > 0 ? sides : [to];
}

/** The side that halving, rounded up, brings down to 4 or less: where a decoder of vectors starts. */
const smallest = (side: number): number => (side <= 4 ? side : smallest(Math.ceil(side / 2)));

/**
 * `[1, 1, to, from]`, one 1 a row: which of `from` places each of `to` places copies, as PyTorch's nearest interpolation.
 * jax-js multiplies a matrix by a batch rightly only if both have the batch's axes.
 */
function nearest(from: number, to: number): Array {
  const choice = new Float32Array(to * from);
  for (let at = 0; at < to; at++) choice[at * from + Math.floor((at * from) / to)] = 1;
  return constant(float32(choice, [1, 1, to, from]));
}

/** `[batch, channels, h, w]` at `[rows, columns]`, every pixel a copy of its nearest. */
export function upsample(x: Array, [rows, columns]: readonly [number, number]): Array {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (rows === height && columns === width) return x;
  if (rows % height === 0 && columns % width === 0) {
    const [down, across] = [rows / height, columns / width];
    const repeated = np.broadcastTo(np.reshape(x, [batch, channels, height, 1, width, 1]), [
      batch,
      channels,
      height,
      down,
      width,
      across,
    ]);
    return np.reshape(repeated, [batch, channels, rows, columns]);
  }
  return np.matmul(np.matmul(nearest(height, rows), x), np.transpose(nearest(width, columns), [0, 1, 3, 2]));
}

/**
 * Pixels from a representation: nearest-neighbour upsampling, 3 × 3 convolution, BatchNorm and ReLU, twice the side
 * and half the channels each time; then a 3 × 3 convolution with a bias. Repetition and convolution leave no
 * checkerboard, which strided deconvolutions do (Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard).
 *
 * Parameters: `start.{weight,bias}` (from a vector only), `blocks.N.{conv,norm}`, `last.weight`, `bias`.
 * @param from a vector's width, or a map's `[channels, rows, columns]`; a vector becomes a map of about 4 × 4 first
 * @param to `[channels, rows, columns]` of what comes out
 * @param width channels at full resolution; each level below has twice as many
 */
export function decoder(
  from: number | readonly [channels: number, rows: number, columns: number],
  to: readonly [channels: number, rows: number, columns: number],
  width: number,
) {
  const [channels, ...size] = to;
  const [rows, columns] = typeof from === "number" ? [smallest(size[0]), smallest(size[1])] : [from[1], from[2]];
  const down = sidesBetween(rows, size[0]);
  const across = sidesBetween(columns, size[1]);
  const levels = Math.max(down.length, across.length);
  const sides = globalThis.Array.from({ length: levels }, (_, level): readonly [number, number] => [
    down[level - levels + down.length] ?? rows,
    across[level - levels + across.length] ?? columns,
  ]);
  const widthAt = (level: number) => width * 2 ** (levels - 1 - level);
  const first = typeof from === "number" ? 2 * widthAt(0) : from[0];
  const start = typeof from === "number" ? linear(from, first * rows * columns) : undefined;
  const blocks = sides.map((_, level) => ({
    conv: conv(level === 0 ? first : widthAt(level - 1), widthAt(level), 3),
    norm: batchNorm(widthAt(level)),
  }));
  const last = conv(width, channels, 3);
  const init = (rng: Rng) => ({
    ...(start ? { start: start.init(rng.split("start")) } : {}),
    blocks: blocks.map((block, level) => ({
      conv: block.conv.init(rng.split("block", level)),
      norm: block.norm.init(),
    })),
    // No normalisation follows: with He's fan-out of a few channels the first pictures would be far too bright.
    last: { weight: rng.split("last").normals([channels, width, 3, 3], Math.sqrt(1 / (9 * width))) },
    bias: filled([channels], 0),
  });
  return {
    init,
    /** `[batch, width]` or `[batch, channels, rows, columns]` → `[batch, channels, rows, columns]` of `to`. */
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array {
      const map =
        start && params.start ? np.reshape(start.apply(params.start, x), [x.shape[0]!, first, rows, columns]) : x;
      const raised = blocks.reduce((current, block, level) => {
        const { conv: weights, norm } = params.blocks[level]!;
        return relu(block.norm.apply(norm, block.conv.apply(weights, upsample(current, sides[level]!))));
      }, map);
      return np.add(last.apply(params.last, raised), np.reshape(params.bias, [channels, 1, 1]));
    },
  };
}
