import { type Array, np, type Rng, type Traced } from "../../../../array/index.ts";
import type { Encoder, Inputs } from "../../../../encoders/encoder.ts";
import { oneHot } from "../../../../layers/functions/one-hot.ts";
import { mlp } from "../../../../layers/heads/mlp.ts";
import { concatenateInputs } from "../../../../methods/parts/views.ts";
import { accuracy, crossEntropy } from "../../../../objectives/supervised/cross-entropy.ts";
import type { Transitions } from "../../abilities.ts";

type Actions = Pick<Transitions, "steps" | "size" | "choices">;

/** Numbers of all actions of a transition, choices one-hot. */
export const widthOf = ({ steps, size, choices }: Actions): number => steps * (choices ?? size);

/** All actions of a transition as numbers, `[batch, width]`. */
export function vectorOf({ steps, choices }: Actions, action: Array): Array {
  if (choices === undefined) return action;
  return np.reshape(oneHot(action, choices), [action.shape[0]!, steps * choices]);
}

/** Features of both observations, `[batch, embedDim]` each: one pass of both, so that BatchNorm sees them together. */
export function featuresOf(
  encoder: Encoder,
  params: Traced<ReturnType<Encoder["init"]>>,
  { before, after }: { readonly before: Inputs; readonly after: Inputs },
): [before: Array, after: Array] {
  const [first, second] = np.split(encoder.apply(params, concatenateInputs([before, after])), 2, 0);
  return [first!, second!];
}

/** Predicts what was done between two observations from the features of both. */
export function inverseModel(actions: Actions, embedDim: number, hiddenDim: number) {
  const head = mlp([2 * embedDim, hiddenDim, widthOf(actions)]);
  const { steps, choices } = actions;
  return {
    init: (rng: Rng) => head.init(rng),
    /** Mean squared error of the numbers of actions, or the cross-entropy of choices, and how often they are right. */
    loss(
      params: Traced<ReturnType<typeof head.init>>,
      [before, after]: readonly [Array, Array],
      action: Array,
    ): { loss: Array; metrics: Record<string, Array> } {
      const predicted = head.apply(params, np.concatenate([before, after], 1));
      if (choices === undefined) {
        const loss = np.mean(np.square(np.subtract(predicted, action)));
        return { loss, metrics: {} };
      }
      const logits = np.reshape(predicted, [action.shape[0]! * steps, choices]);
      const labels = np.reshape(action, [-1]);
      return { loss: crossEntropy(logits, labels), metrics: { accuracy: accuracy(logits, labels) } };
    },
  };
}
