import { type Array, nn, np, type Rng, type Traced } from "../../src/array/index.ts";
import type { Encoder, Inputs } from "../../src/encoders/index.ts";
import { linearNoBias } from "../../src/layers/linear.ts";
import { batchNorm } from "../../src/layers/norms/batch-norm.ts";

/** A linear layer, BatchNorm and a ReLU over `values` numbers: the encoder of joint.py. */
export function tinyEncoder(values: number): Encoder {
  const [linear, norm] = [linearNoBias(values, values), batchNorm(values)];
  const init = (rng: Rng) => ({ linear: linear.init(rng), norm: norm.init() });
  const apply = (params: Traced<ReturnType<typeof init>>, { pixels }: Inputs): Array =>
    nn.relu(norm.apply(params.norm, linear.apply(params.linear, np.reshape(pixels!, [-1, values]))));
  return { name: "tiny", embedDim: values, init, apply, hidden: apply, hyperparameters: {} };
}
