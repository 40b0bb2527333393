import { type Array, np, type Rng, type Traced } from "../array/index.ts";
import { attention } from "./attention.ts";
import { dropPath } from "./drop-path.ts";
import { gelu } from "./gelu.ts";
import type { ParamsOf } from "./layer.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";

export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  /** Hidden width of the feed-forward part, as a multiple of `width`. */
  readonly mlpRatio: number;
  readonly dropPath?: number;
}

/** One pre-norm Transformer block with exact GELU, `[batch, tokens, width]` → the same (ViT's, timm's `Block`). */
export function transformerBlock({ width, heads, mlpRatio, dropPath: rate = 0 }: BlockOptions) {
  const hidden = Math.round(width * mlpRatio);
  const layers = {
    norm1: layerNorm(width),
    attention: attention(width, heads),
    norm2: layerNorm(width),
    up: linear(width, hidden),
    down: linear(hidden, width),
  };
  const init = (rng: Rng) => ({
    norm1: layers.norm1.init(),
    attention: layers.attention.init(rng.split("attention")),
    norm2: layers.norm2.init(),
    up: layers.up.init(rng.split("up")),
    down: layers.down.init(rng.split("down")),
  });
  type BlockParams = Traced<ParamsOf<{ init: typeof init }>>;
  return {
    init,
    /** The block's attention, `[batch, heads, tokens, tokens]`. */
    attention: (params: BlockParams, x: Array): Array =>
      layers.attention.weights(params.attention, layers.norm1.apply(params.norm1, x)),
    /** @param bias added to the attention's scores: what a token must not look at */
    apply(params: BlockParams, x: Array, bias?: Array): Array {
      const attended = layers.attention.apply(params.attention, layers.norm1.apply(params.norm1, x), bias);
      const middle = np.add(x, dropPath(attended, rate));
      const raised = gelu(layers.up.apply(params.up, layers.norm2.apply(params.norm2, middle)));
      return np.add(middle, dropPath(layers.down.apply(params.down, raised), rate));
    },
  };
}
