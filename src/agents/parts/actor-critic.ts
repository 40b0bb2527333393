import { type Array, np, type Rng } from "../../array/index.ts";
import { elu } from "../../layers/functions/elu.ts";
import { relu } from "../../layers/functions/relu.ts";
import { avgL1Norm, type DenseParams, dense, denseStack } from "./dense.ts";

/** Parameters of a network that may read embeddings beside its input. */
export interface ReaderParams {
  readonly first: DenseParams;
  readonly rest: readonly DenseParams[];
}

/**
 * Three linear layers. With embeddings, as TD7 reads them: the first layer's output is divided by its mean absolute value, the
 * embeddings are put beside it, and a fourth layer follows.
 * @param embedding width of the embeddings, 0 for none
 */
function reader(input: number, width: number, output: number, embedding: number, activation: (x: Array) => Array) {
  const first = dense(input, width);
  const rest = denseStack(
    embedding > 0 ? [width + embedding, width, width, output] : [width, width, output],
    activation,
  );
  return {
    init: (rng: Rng) => ({ first: first.init(rng.split("first")), rest: rest.init(rng.split("rest")) }),
    apply(params: ReaderParams, x: Array, embeddings: readonly Array[]): Array {
      const hidden = first.apply(params.first, x);
      if (embedding === 0) return rest.apply(params.rest, activation(hidden));
      return rest.apply(params.rest, np.concatenate([avgL1Norm(hidden), ...embeddings], 1));
    },
  };
}

/** A deterministic policy: state `[batch, states]` → action in −1 … 1, `[batch, size]`. */
export function actor(states: number, size: number, width: number, embedding: number) {
  const network = reader(states, width, size, embedding, relu);
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
  const network = reader(states + size, width, values, 2 * embedding, embedding > 0 ? elu : relu);
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
