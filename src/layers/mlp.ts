import { type Array, nn, type Rng, type Traced } from "../array/index.ts";
import { batchNorm } from "./batch-norm.ts";
import type { ParamsOf } from "./layer.ts";
import { linear, linearNoBias } from "./linear.ts";

/**
 * The projector of joint-embedding methods: linear–BatchNorm–ReLU layers and a last linear layer.
 * @param widths input, hidden …, output
 */
export function mlp(widths: readonly number[]) {
  const hidden = widths.slice(1, -1).map((width, index) => ({
    linear: linearNoBias(widths[index]!, width),
    norm: batchNorm(width),
  }));
  const last = linear(widths.at(-2)!, widths.at(-1)!);
  const init = (rng: Rng) => ({
    hidden: hidden.map((layer, index) => ({
      linear: layer.linear.init(rng.split("hidden", index)),
      norm: layer.norm.init(),
    })),
    last: last.init(rng.split("last")),
  });
  return {
    init,
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array {
      const raised = hidden.reduce((input, layer, index) => {
        const { linear: weights, norm } = params.hidden[index]!;
        return nn.relu(layer.norm.apply(norm, layer.linear.apply(weights, input)));
      }, x);
      return last.apply(params.last, raised);
    },
  };
}
