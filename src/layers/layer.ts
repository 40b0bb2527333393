import type { Array, Rng, Tensor, Traced, TreeRecord } from "../array/index.ts";

/** Parameters on the host, a forward pass on arrays: everything a layer is. */
export interface Layer<Host extends TreeRecord<Tensor>> {
  init(rng: Rng): Host;
  apply(params: Traced<Host>, x: Array): Array;
}

/** The parameters that a layer's `init` makes. */
export type ParamsOf<Of extends { init(rng: Rng): TreeRecord<Tensor> }> = ReturnType<Of["init"]>;
