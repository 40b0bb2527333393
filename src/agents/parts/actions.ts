import { type Array, np } from "../../array/index.ts";
import { type ActionSpace, actionSize } from "../../environments/space.ts";
import { oneHot } from "../../layers/functions/one-hot.ts";

/** Width of `actionVector`. */
export const actionWidth = (space: ActionSpace): number =>
  space.kind === "discrete" ? space.count : actionSize(space);

/**
 * Actions as a network reads them: the numbers of a box, the one-hot code of a choice.
 * @param action `[batch, size]`; of a discrete space `[batch, 1]`, the choice as a number
 * @returns `[batch, actionWidth]`
 */
export const actionVector = (space: ActionSpace, action: Array): Array =>
  space.kind === "discrete" ? oneHot(choices(action), space.count) : action;

/** Choices as indices, `[batch, 1]` → int32 `[batch]`. */
export const choices = (action: Array): Array => np.reshape(action, [-1]).astype(np.int32);
