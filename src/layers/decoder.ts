import { type Array, constant, filled, float32, np, type Rng, sizeOf, type Traced } from "../array/index.ts";
import { conv } from "./conv.ts";
import { relu } from "./functions/relu.ts";
import type { ParamsOf } from "./layer.ts";
import { linear } from "./linear.ts";
import { batchNorm } from "./norms/batch-norm.ts";

/** Sides above `from` up to `to`, each half the next, rounded up: those of an encoder's strided convolutions. */
function sidesBetween(from: number, to: number): number[] {
  const sides: number[] = [];
  for (let side = to; side > from; side = Math.ceil(side / 2)) sides.unshift(side);
  return sides.length > 0 ? sides : [to];
}

/** The side after halving, rounded up, until it is 4 or less: where a decoder of vectors starts. */
const smallest = (side: number): number => (side <= 4 ? side : smallest(Math.ceil(side / 2)));

/** PyTorch's nearest interpolation from `from` to `to` places as a matrix `[to, from]`, one 1 per row. */
function nearest(from: number, to: number): Float32Array {
  const choice = new Float32Array(to * from);
  for (let at = 0; at < to; at++) choice[at * from + Math.floor((at * from) / to)] = 1;
  return choice;
}

/** `x` with one axis resized by nearest interpolation. */
function stretched(x: Array, axis: number, to: number): Array {
  const from = x.shape[axis]!;
  if (from === to) return x;
  const before = x.shape.slice(0, axis);
  const after = sizeOf(x.shape.slice(axis + 1));
  const choice = constant(float32(nearest(from, to), [1, to, from]));
  // jax-js multiplies a matrix by a batch correctly only if both have the batch's axes.
  const product =
    after === 1
      ? np.matmul(np.reshape(x, [1, -1, from]), np.transpose(choice, [0, 2, 1]))
      : np.matmul(choice, np.reshape(x, [-1, from, after]));
  return np.reshape(product, [...before, to, ...x.shape.slice(axis + 1)]);
}

/** `[batch, channels, ...]` resized to the extents `to` by nearest interpolation. */
export function upsample(x: Array, to: readonly number[]): Array {
  const [batch = 0, channels = 0, ...from] = x.shape;
  if (from.every((extent, axis) => to[axis] === extent)) return x;
  if (from.every((extent, axis) => to[axis]! % extent === 0)) {
    const apart = np.reshape(x, [batch, channels, ...from.flatMap((extent) => [extent, 1])]);
    const repeats = from.flatMap((extent, axis) => [extent, to[axis]! / extent]);
    return np.reshape(np.broadcastTo(apart, [batch, channels, ...repeats]), [batch, channels, ...to]);
  }
  return to.reduce((stretching: Array, extent, axis) => stretched(stretching, axis + 2, extent), x);
}

/**
 * A convolutional decoder from a representation to an input, on any number of axes: levels of nearest-neighbour
 * upsampling, convolution by 3 along every axis, BatchNorm and ReLU, each with twice the extents and half the channels;
 * then one more convolution with a bias. Strided deconvolutions would leave a checkerboard (Odena et al. 2016,
 * https://distill.pub/2016/deconv-checkerboard).
 *
 * Parameters: `start.{weight,bias}` (from a vector only), `blocks.N.{conv,norm}`, `last.weight`, `bias`.
 * @param from a vector's width, or a map's `[channels, ...extents]`; a vector first becomes a map of about 4 along every axis
 * @param to `[channels, ...extents]` of the output
 * @param width channels at full resolution; each level below has twice as many
 */
export function decoder(
  from: number | readonly [channels: number, ...extents: number[]],
  to: readonly [channels: number, ...extents: number[]],
  width: number,
) {
  const [channels, ...extents] = to;
  const axes = extents.length;
  const starts = typeof from === "number" ? extents.map(smallest) : from.slice(1);
  const along = extents.map((extent, axis) => sidesBetween(starts[axis]!, extent));
  const levels = Math.max(...along.map(({ length }) => length));
  const sides = globalThis.Array.from({ length: levels }, (_, level) =>
    along.map((steps, axis) => steps[level - levels + steps.length] ?? starts[axis]!),
  );
  const widthAt = (level: number) => width * 2 ** (levels - 1 - level);
  const first = typeof from === "number" ? 2 * widthAt(0) : from[0];
  const start = typeof from === "number" ? linear(from, first * sizeOf(starts)) : undefined;
  const blocks = sides.map((_, level) => ({
    conv: conv(level === 0 ? first : widthAt(level - 1), widthAt(level), 3, 1, axes),
    norm: batchNorm(widthAt(level)),
  }));
  const last = conv(width, channels, 3, 1, axes);
  const init = (rng: Rng) => ({
    ...(start ? { start: start.init(rng.split("start")) } : {}),
    blocks: blocks.map((block, level) => ({
      conv: block.conv.init(rng.split("block", level)),
      norm: block.norm.init(),
    })),
    // No normalisation follows: with He's fan-out of a few channels the first outputs would be far too bright.
    last: {
      weight: rng.split("last").normals([channels, width, ...extents.map(() => 3)], Math.sqrt(1 / (3 ** axes * width))),
    },
    bias: filled([channels], 0),
  });
  return {
    init,
    /** `[batch, width]` or `[batch, channels, ...extents]` → `[batch, channels, ...extents]` of `to`. */
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array {
      const map = start && params.start ? np.reshape(start.apply(params.start, x), [x.shape[0]!, first, ...starts]) : x;
      const raised = blocks.reduce((current, block, level) => {
        const { conv: weights, norm } = params.blocks[level]!;
        return relu(block.norm.apply(norm, block.conv.apply(weights, upsample(current, sides[level]!))));
      }, map);
      return np.add(last.apply(params.last, raised), np.reshape(params.bias, [channels, ...extents.map(() => 1)]));
    },
  };
}
