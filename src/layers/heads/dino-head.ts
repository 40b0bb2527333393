import type { Array, Rng, Traced } from "../../array/index.ts";
import type { ParamsOf } from "../layer.ts";
import { geluMlp } from "./gelu-mlp.ts";
import { prototypes } from "./prototypes.ts";

export interface DinoHeadOptions {
  readonly headLayers: number;
  readonly hiddenDim: number;
  readonly bottleneckDim: number;
  readonly prototypes: number;
}

/**
 * DINO's projection head, `[…, width]` → `[…, prototypes]`: an MLP with GELU, its output at unit length, and a
 * weight-normalised last layer. Caron et al. 2021, https://arxiv.org/abs/2104.14294; as in
 * https://github.com/facebookresearch/dino with `norm_last_layer`.
 * Parameters: `mlp.N.linear.{weight,bias}`, `last.weight`.
 */
export function dinoHead(width: number, { headLayers, hiddenDim, bottleneckDim, prototypes: count }: DinoHeadOptions) {
  const mlp = geluMlp([width, ...globalThis.Array<number>(headLayers - 1).fill(hiddenDim), bottleneckDim]);
  const last = prototypes(bottleneckDim, count);
  const init = (rng: Rng) => ({ mlp: mlp.init(rng.split("mlp")), last: last.init(rng.split("last")) });
  return {
    init,
    apply: (params: Traced<ParamsOf<{ init: typeof init }>>, x: Array): Array =>
      last.apply(params.last, mlp.apply(params.mlp, x)),
  };
}
