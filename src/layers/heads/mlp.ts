import type { Array, Rng, Traced } from "../../array/index.ts";
import { relu } from "../functions/relu.ts";
import type { ParamsOf } from "../layer.ts";
import { linear, linearNoBias } from "../linear.ts";
import { batchNorm, plainBatchNorm } from "../norms/batch-norm.ts";

export interface MlpOptions {
  /** BatchNorm between a hidden layer and its ReLU, in place of a bias. True by default. */
  readonly norm?: boolean;
  /** What follows the last product; a bias by default. `plainNorm` is BatchNorm without scale and shift. */
  readonly output?: "bias" | "nothing" | "norm" | "plainNorm";
}

/**
 * The projector and the predictor of joint-embedding methods: linear–BatchNorm–ReLU layers and a last linear layer.
 * A bias before a BatchNorm, which some released code has, would change nothing and is left out.
 * @param widths input, hidden …, output
 */
export function mlp(widths: readonly number[], { norm: hasNorm = true, output = "bias" }: MlpOptions = {}) {
  const hidden = widths.slice(1, -1).map((width, index) => ({
    linear: hasNorm ? linearNoBias(widths[index]!, width) : linear(widths[index]!, width),
    norm: hasNorm ? batchNorm(width) : undefined,
  }));
  const width = widths.at(-1)!;
  const last = output === "bias" ? linear(widths.at(-2)!, width) : linearNoBias(widths.at(-2)!, width);
  const lastNorm = output === "norm" ? batchNorm(width) : output === "plainNorm" ? plainBatchNorm(width) : undefined;
  const init = (rng: Rng) => ({
    hidden: hidden.map((layer, index) => ({
      linear: layer.linear.init(rng.split("hidden", index)),
      ...(layer.norm ? { norm: layer.norm.init() } : {}),
    })),
    last: last.init(rng.split("last")),
    ...(lastNorm ? { lastNorm: lastNorm.init() } : {}),
  });
  return {
    init,
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array {
      const raised = hidden.reduce((input, layer, index) => {
        const { linear: weights, norm } = params.hidden[index]!;
        const product = layer.linear.apply(weights, input);
        return relu(layer.norm && norm ? layer.norm.apply(norm, product) : product);
      }, x);
      const product = last.apply(params.last, raised);
      return lastNorm && params.lastNorm ? lastNorm.apply(params.lastNorm, product) : product;
    },
  };
}
