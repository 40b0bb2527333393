import { type Array, lax, np, type Rng, type Tensor, type Traced } from "../../array/index.ts";
import { sizeOf } from "../../array/tensor.ts";
import type { Box, ObservationSpace } from "../../environments/space.ts";
import { relu } from "../../layers/functions/relu.ts";
import type { Seen } from "../agent.ts";
import { he, linearHe, type WeightAndBias } from "./linear-he.ts";

/** A layer's output channels, its square kernel, and its stride. */
type Layer = readonly [channels: number, kernel: number, stride: number];

/** Of Mnih et al. 2015, for images of 36 pixels and more a side; the other for smaller ones, such as boards. */
const LARGE: readonly Layer[] = [
  [32, 8, 4],
  [64, 4, 2],
  [64, 3, 1],
];
const SMALL: readonly Layer[] = [
  [32, 3, 1],
  [64, 3, 1],
];

/** Whether an observation is an image: `[height, width]` or `[channels, height, width]`, three pixels and more a side. */
export const isImage = ({ shape }: Box): boolean =>
  (shape.length === 2 || shape.length === 3) && Math.min(...shape.slice(-2)) >= 3;

/** `[channels, height, width]` of an image. */
export const imageShape = ({ shape }: Box): [channels: number, height: number, width: number] => [
  shape.length === 3 ? shape[0]! : 1,
  shape.at(-2)!,
  shape.at(-1)!,
];

export type TrunkParams = {
  /** Convolutions of each image, by its name. */
  readonly images: Readonly<Record<string, readonly WeightAndBias<Tensor>[]>>;
  readonly layers: readonly WeightAndBias<Tensor>[];
};

/**
 * The body of an agent's network: convolutions of each image, as in Mnih et al. 2015, https://doi.org/10.1038/nature14236, then
 * linear layers of all that is seen, each with a ReLU. Images are scaled to 0 … 1 where their bounds are finite; other
 * observations are read as they are.
 *
 * @param depth linear layers
 */
export function trunk(space: ObservationSpace, width: number, depth = 2) {
  const seen = Object.entries(space).map(([name, box]) => {
    if (!isImage(box)) return { name, box, size: sizeOf(box.shape), layers: [] };
    const [channels, height, columns] = imageShape(box);
    const convolutions = Math.min(height, columns) >= 36 ? LARGE : SMALL;
    const after = (side: number) =>
      convolutions.reduce((left, [, kernel, stride]) => Math.floor((left - kernel) / stride) + 1, side);
    const sides = [height, columns].map(after);
    return Math.min(...sides) < 1
      ? { name, box, size: sizeOf(box.shape), layers: [] }
      : { name, box, size: convolutions.at(-1)![0] * sizeOf(sides), layers: convolutions, channels };
  });
  const size = seen.reduce((sum, each) => sum + each.size, 0);
  const layers = globalThis.Array.from({ length: depth }, (_, at) =>
    linearHe(at === 0 ? size : width, width, Math.SQRT2),
  );

  const init = (rng: Rng): TrunkParams => ({
    images: Object.fromEntries(
      seen.flatMap(({ name, layers: convolutions, channels = 0 }) =>
        convolutions.length === 0
          ? []
          : [
              [
                name,
                convolutions.map(([output, kernel], at) => {
                  const input = at === 0 ? channels : convolutions[at - 1]![0];
                  return he(rng.split(name, at), [output, input, kernel, kernel]);
                }),
              ],
            ],
      ),
    ),
    layers: layers.map((layer, at) => layer.init(rng.split("layer", at))),
  });
  return {
    width,
    init,
    /** @param observation by name, `[batch, …shape]` @returns `[batch, width]`, at least 0 */
    apply(params: Traced<TrunkParams>, observation: Seen): Array {
      const flat = seen.map(({ name, box, layers: convolutions }) => {
        const values = observation[name]!;
        const batch = values.shape[0]!;
        if (convolutions.length === 0) return np.reshape(values, [batch, -1]);
        const maps = params.images[name]!.reduce(
          (x, { weight, bias }, at) => convolved(x, { weight, bias }, convolutions[at]!),
          scaled(box, np.reshape(values, [batch, ...imageShape(box)])),
        );
        return np.reshape(maps, [batch, -1]);
      });
      const all = flat.length === 1 ? flat[0]! : np.concatenate(flat, 1);
      return layers.reduce((x, layer, at) => relu(layer.apply(params.layers[at]!, x)), all);
    },
  };
}

function convolved(x: Array, { weight, bias }: WeightAndBias<Array>, [channels, , stride]: Layer): Array {
  const none: [number, number] = [0, 0];
  const product = lax.convGeneralDilated(x, weight, [stride, stride], [none, none]);
  return relu(np.add(product, np.reshape(bias, [1, channels, 1, 1])));
}

/** An image from its bounds to 0 … 1; as it is where the bounds are not two finite numbers. */
function scaled({ low, high }: Box, x: Array): Array {
  if (typeof low !== "number" || typeof high !== "number" || !Number.isFinite(high - low) || high <= low) return x;
  const shifted = low === 0 ? x : np.subtract(x, low);
  return high - low === 1 ? shifted : np.multiply(shifted, 1 / (high - low));
}
