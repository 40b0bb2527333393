import { type Array, np, type Rng } from "../../array/index.ts";
import { gelu } from "../functions/gelu.ts";
import { geluTanh } from "../functions/gelu-tanh.ts";
import { QUICK_GELU, silu } from "../functions/silu.ts";
import { type InitialWeights, type LinearParams, linear } from "../linear.ts";

/**
 * The layers between a block's attention and the next: two linear ones with exact GELU or an approximation of it
 * (GPT-2's, CLIP's), or SwiGLU or GeGLU, in which one half of the hidden values gates the other (Shazeer 2020,
 * https://arxiv.org/abs/2002.05202).
 */
export type FeedForward = "gelu" | "gelu-tanh" | "quick-gelu" | "swiglu" | "geglu";

/** Activations, by the kind. */
const activations: Readonly<Record<FeedForward, (x: Array) => Array>> = {
  gelu,
  "gelu-tanh": geluTanh,
  "quick-gelu": (x) => silu(x, QUICK_GELU),
  swiglu: silu,
  geglu: gelu,
};

/**
 * `[…, width]` → the same. Parameters `up` and `down`; of a gated kind `up` gives the gates and then the values,
 * `2 × hidden`.
 */
export function feedForward(width: number, hidden: number, kind: FeedForward = "gelu", initial?: InitialWeights) {
  const isGated = kind === "swiglu" || kind === "geglu";
  const activate = activations[kind];
  const up = linear(width, isGated ? 2 * hidden : hidden, { initial, parts: isGated ? 2 : 1 });
  const down = linear(hidden, width, { initial });
  return {
    init: (rng: Rng) => ({ up: up.init(rng.split("up")), down: down.init(rng.split("down")) }),
    apply(params: { readonly up: LinearParams; readonly down: LinearParams }, x: Array): Array {
      const raised = up.apply(params.up, x);
      if (!isGated) return down.apply(params.down, activate(raised));
      const [gates, values] = np.split(raised, 2, -1);
      return down.apply(params.down, np.multiply(activate(gates!), values!));
    },
  };
}
