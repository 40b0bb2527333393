import { type Array, type Tensor, type Traced, type TreeRecord, tree } from "../../src/array/index.ts";
import type { Vocabulary } from "../../src/data/vocabulary.ts";
import type { Encoder } from "../../src/encoders/encoder.ts";
import type { Method, MethodParams } from "../../src/methods/method.ts";
import { evaluate } from "../fixtures/torch/reference.ts";

/** A model of tokens. */
export interface TokenNetwork {
  readonly encoder: Encoder;
  readonly method: Pick<Method, "tokenLogits">;
  readonly params: MethodParams;
  readonly vocabulary: Pick<Vocabulary<unknown>, "encode">;
}

/** What our program gives for a sequence, which what is exported must give, too: `logits`, `hidden` and `pooled`. */
export async function tokenOutputs(
  { encoder, method, params, vocabulary }: TokenNetwork,
  ids: ArrayLike<number>,
): Promise<ReadonlyMap<string, Tensor>> {
  const { ids: padded, mask } = vocabulary.encode(ids);
  const one = (tensor: Tensor): Tensor => ({ ...tensor, shape: [1, ...tensor.shape] });
  const results = await evaluate(
    (p: Traced<MethodParams>, inputs: TreeRecord<Array>) => {
      const batch = inputs as { ids: Array; mask: Array };
      return {
        ...(method.tokenLogits ? { logits: method.tokenLogits(p, batch) } : {}),
        hidden: encoder.hidden(p.encoder, batch),
        pooled: encoder.apply(p.encoder, batch),
      };
    },
    [params, { ids: one(padded), mask: one(mask) }] as const,
    "cpu",
  );
  return new Map(tree.entries<Tensor>(results));
}
