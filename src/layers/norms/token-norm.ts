import { type Array, np, type Tensor } from "../../array/index.ts";
import { batchNorm } from "./batch-norm.ts";
import { layerNorm } from "./layer-norm.ts";

type Weights<Leaf> = {
  readonly scale: Leaf;
  readonly shift: Leaf;
  /** Of batch normalisation. */
  readonly runningMean?: Leaf;
  readonly runningVariance?: Leaf;
};

/**
 * A norm of tokens `[..., width]`, for each token by itself (`layer`) or each value over all tokens of all samples (`batch`,
 * with epsilon 1e-5).
 * @param epsilon of the layer norm
 */
export function tokenNorm(width: number, kind: "layer" | "batch" = "layer", epsilon?: number) {
  const [layer, batch] = [layerNorm(width, epsilon), batchNorm(width)];
  return {
    init: (): Weights<Tensor> => (kind === "batch" ? batch.init() : layer.init()),
    apply(params: Weights<Array>, x: Array): Array {
      if (kind === "layer") return layer.apply(params, x);
      const { runningMean, runningVariance } = params;
      if (!runningMean || !runningVariance) throw new Error("batch norm: no running statistics among the parameters");
      const rows = np.reshape(x, [-1, width]);
      return np.reshape(batch.apply({ ...params, runningMean, runningVariance }, rows), x.shape);
    },
  };
}
