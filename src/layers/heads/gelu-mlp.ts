import type { Array, Rng, Traced } from "../../array/index.ts";
import { gelu } from "../functions/gelu.ts";
import { linear } from "../linear.ts";
import { batchNorm } from "../norms/batch-norm.ts";

/**
 * The heads of DINO's family and of MSN: linear, optional BatchNorm, GELU …, and a last linear layer, over the last axis.
 * @param widths input, hidden …, output
 * @param options.norm BatchNorm before each GELU, for inputs `[rows, width]` only
 */
export function geluMlp(widths: readonly number[], { norm: hasNorm = false }: { norm?: boolean } = {}) {
  const layers = widths.slice(1).map((width, index) => ({
    linear: linear(widths[index]!, width),
    norm: hasNorm && index < widths.length - 2 ? batchNorm(width) : undefined,
  }));
  const init = (rng: Rng) =>
    layers.map((layer, index) => ({
      linear: layer.linear.init(rng.split("layer", index)),
      ...(layer.norm ? { norm: layer.norm.init() } : {}),
    }));
  return {
    init,
    apply(params: Traced<ReturnType<typeof init>>, x: Array): Array {
      return layers.reduce((input, layer, index) => {
        const weights = params[index]!;
        const product = layer.linear.apply(weights.linear, input);
        const normed = layer.norm && weights.norm ? layer.norm.apply(weights.norm, product) : product;
        return index < layers.length - 1 ? gelu(normed) : normed;
      }, x);
    },
  };
}
