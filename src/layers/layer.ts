import type { Array, Rng, Tensor, Traced, TreeRecord } from "../array/index.ts";

/** A layer: initial parameters on the host, and a forward pass on arrays. */
export interface Layer<Host extends TreeRecord<Tensor>> {
  init(rng: Rng): Host;
  apply(params: Traced<Host>, x: Array): Array;
}

/** The parameters that a layer's `init` makes. */
export type ParamsOf<Of extends { init(rng: Rng): TreeRecord<Tensor> }> = ReturnType<Of["init"]>;
