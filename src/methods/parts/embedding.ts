import type { Array, Rng, Traced } from "../../array/index.ts";
import type { Encoder, Inputs } from "../../encoders/encoder.ts";
import type { mlp } from "../../layers/heads/mlp.ts";

/**
 * An encoder with a projector: what joint-embedding methods train, and what their teachers consist of.
 * Parameters: `encoder` and `projector`.
 */
export function embedding(encoder: Encoder, projector: ReturnType<typeof mlp>) {
  const init = (rng: Rng) => ({
    encoder: encoder.init(rng.split("encoder")),
    projector: projector.init(rng.split("projector")),
  });
  return {
    init,
    /** `[batch, projectionDim]` */
    apply: (params: Traced<ReturnType<typeof init>>, view: Inputs): Array =>
      projector.apply(params.projector, encoder.apply(params.encoder, view)),
    /** The teacher's part of a student's parameters: all but the predictor. */
    of: <A, B>({ encoder, projector }: { readonly encoder: A; readonly projector: B }) => ({ encoder, projector }),
  };
}
