import * as z from "zod";
import { type Array, float32, np, type Traced } from "../../src/array/index.ts";
import { linear } from "../../src/layers/linear.ts";
import { method } from "../../src/methods/method.ts";
import { outcome } from "../../src/modalities/experience/abilities.ts";
import { binaryCrossEntropy } from "../../src/objectives/supervised/binary-cross-entropy.ts";

/**
 * A baseline for `collision`: logistic regression on the scan and the plan. It can say that obstacles are bad, and that turns are,
 * but not that a turn towards an obstacle is.
 */
export const linearCollision = method({
  name: "linear-collision",
  family: "predictive",
  paper: "https://arxiv.org/abs/1709.10489",
  summary: "logistic regression on what is seen and the plan",
  needs: [outcome],
  options: z.object({}),
  recipe: { optimizer: "adamw" },
  defaultEncoder: "mlp",

  build({ encoder, modality }) {
    const { outcome: outcomes, specs } = modality;
    const size = specs.values!.shape[0]! + outcomes.planSize;
    const head = linear(size, 1);
    type Weights = { encoder: ReturnType<typeof encoder.init>; head: ReturnType<typeof head.init> };
    const logits = (params: Traced<Weights>, values: Array, plans: Array): Array => {
      const rows = plans.shape[0]!;
      const both = np.concatenate([np.broadcastTo(values, [rows, values.shape[1]!]), plans], 1);
      return np.reshape(head.apply(params.head, both), [rows]);
    };
    return {
      views(sample) {
        const { inputs, plan, failed } = outcomes.of(sample);
        return { values: inputs.values!, plan, failed: float32([failed], []) };
      },
      init: (rng) => ({ encoder: encoder.init(rng.split("encoder")), head: head.init(rng.split("head")) }),
      loss: (params, { values, plan, failed }) => ({ loss: binaryCrossEntropy(logits(params, values, plan), failed) }),
      succeeds: (params, { values }, plans) => np.negative(logits(params, values!, plans)),
    };
  },
});
