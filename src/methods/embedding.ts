import type { Array, Rng, Traced } from "../array/index.ts";
import type { Encoder, Inputs } from "../encoders/encoder.ts";
import type { mlp } from "../layers/mlp.ts";

/**
 * An encoder and the projector on top of it: what joint-embedding methods train, and what their teachers are made of.
 * Parameters: `encoder` and `projector`.
 */
export function embedding(encoder: Encoder, projector: ReturnType<typeof mlp>) {
  const init = (rng: Rng) => ({
    encoder: encoder.init(rng.split("encoder")),
    projector: projector.init(rng.split("projector")),
  });
  type Embedding<Leaves> = {
    readonly [Key in "encoder" | "projector"]: Leaves extends Record<Key, infer Leaf> ? Leaf : never;
  };
  return {
    init,
    /** `[batch, projectionDim]` */
    apply: (params: Traced<ReturnType<typeof init>>, view: Inputs): Array =>
      projector.apply(params.projector, encoder.apply(params.encoder, view)),
    /** What a teacher has of its student: everything but the predictor. */
    of: <Leaves extends Embedding<Leaves>>({ encoder, projector }: Leaves): Embedding<Leaves> =>
      ({ encoder, projector }) as Embedding<Leaves>,
  };
}
