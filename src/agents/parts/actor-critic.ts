import { type Array, np, type Rng } from "../../array/index.ts";
import { elu } from "../../layers/functions/elu.ts";
import { relu } from "../../layers/functions/relu.ts";
import type { LinearParams } from "../../layers/linear.ts";
import { avgL1Norm, dense, denseStack } from "./dense.ts";

/** Parameters of a network that may read embeddings beside its input. */
export interface ReaderParams {
  readonly first: LinearParams;
  /** With embeddings: a weight for what comes from the first layer, one for each embedding, and the bias. */
  readonly mixed?: { readonly weights: readonly Array[]; readonly bias: Array };
  readonly rest: readonly LinearParams[];
}

/**
 * Three linear layers. With embeddings, as TD7 reads them: the first layer's output is divided by its mean absolute value, the
 * embeddings are put beside it, and a fourth layer follows.
 * @param embedding width of each embedding, 0 for none
 * @param count of embeddings
 */
function reader(
  [input, width, output]: readonly [number, number, number],
  embedding: number,
  count: number,
  activation: (x: Array) => Array,
) {
  const first = dense(input, width);
  const rest = denseStack([width, width, output], activation);
  const bound = 1 / Math.sqrt(width + count * embedding);
  return {
    init(rng: Rng) {
      const both = { first: first.init(rng.split("first")), rest: rest.init(rng.split("rest")) };
      if (embedding === 0) return both;
      // One weight for all of them, cut so that no gradient of the embeddings is computed where nobody asks for it.
      const weights = globalThis.Array.from({ length: count + 1 }, (_, at) =>
        rng.split("mixed", at).uniforms([width, at === 0 ? width : embedding], -bound, bound),
      );
      return { ...both, mixed: { weights, bias: rng.split("mixed").uniforms([width], -bound, bound) } };
    },
    apply({ first: start, mixed, rest: others }: ReaderParams, x: Array, embeddings: readonly Array[]): Array {
      const hidden = first.apply(start, x);
      if (!mixed) return rest.apply(others, activation(hidden));
      const products = [avgL1Norm(hidden), ...embeddings].map((part, at) =>
        np.matmul(part, np.transpose(mixed.weights[at]!)),
      );
      const sum = products.reduce((all, product) => np.add(all, product));
      return rest.apply(others, activation(np.add(sum, mixed.bias)));
    },
  };
}

/** A deterministic policy: state `[batch, states]` → action in −1 … 1, `[batch, size]`. */
export function actor(states: number, size: number, width: number, embedding: number) {
  const network = reader([states, width, size], embedding, 1, relu);
  return {
    init: network.init,
    /** @param embeddings of the state */
    apply: (params: ReaderParams, state: Array, embeddings: readonly Array[]): Array =>
      np.tanh(network.apply(params, state, embeddings)),
  };
}

/** Two critics, each `[batch, values]` from state and action. */
export function twinCritics(states: number, size: number, width: number, embedding: number, values: number) {
  // TD7 activates critics that read embeddings by ELU.
  const network = reader([states + size, width, values], embedding, 2, embedding > 0 ? elu : relu);
  return {
    init: (rng: Rng) => [network.init(rng.split(0)), network.init(rng.split(1))],
    /** @param embeddings of the pair of state and action, and of the state */
    apply(params: readonly ReaderParams[], state: Array, action: Array, embeddings: readonly Array[]): [Array, Array] {
      const input = np.concatenate([state, action], 1);
      const [one, two] = params.map((each) => network.apply(each, input, embeddings));
      return [one!, two!];
    },
  };
}
