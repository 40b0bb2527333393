import { type Array, filled, np, type Rng, type Traced } from "../../array/index.ts";
import { gelu } from "../functions/gelu.ts";
import type { ParamsOf } from "../layer.ts";
import { linear } from "../linear.ts";
import { layerNorm } from "../norms/layer-norm.ts";

/**
 * BERT's masked-language-model head: a linear layer, GELU and norm, then an output layer tied to the token embeddings, with
 * a bias per token. Devlin et al. 2018, https://arxiv.org/abs/1810.04805
 * @param width of the input
 * @param tableWidth of a token's embedding
 */
export function tokenHead(width: number, tableWidth: number, vocabulary: number, epsilon: number) {
  const transform = linear(width, tableWidth);
  const norm = layerNorm(tableWidth, epsilon);
  const init = (rng: Rng) => ({ transform: transform.init(rng), norm: norm.init(), bias: filled([vocabulary], 0) });
  return {
    init,
    /**
     * @param x `[rows, width]`
     * @param table `[vocabulary, tableWidth]`
     * @returns logits `[rows, vocabulary]`
     */
    apply(params: Traced<ParamsOf<{ init: typeof init }>>, x: Array, table: Array): Array {
      const raised = norm.apply(params.norm, gelu(transform.apply(params.transform, x)));
      return np.add(np.matmul(raised, np.transpose(table)), params.bias);
    },
  };
}
