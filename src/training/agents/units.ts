import type { Rng } from "../../array/index.ts";
import { type Action, type ActionSpace, boundOf, randomAction } from "../../environments/space.ts";
import { UserError } from "../../foundation/errors.ts";

/** An action for the environment from one in the agent's units, −1 … 1 from bound to bound; a choice is the same in both. */
export function toEnvironment(space: ActionSpace, action: Action): Action {
  if (space.kind === "discrete") return action;
  return action.map((value, at) => {
    const [low, high] = [boundOf(space.low, at), boundOf(space.high, at)];
    return low + ((value + 1) / 2) * (high - low);
  });
}

/** A random action in the agent's units. */
export const randomOf = (space: ActionSpace, rng: Rng): Action =>
  space.kind === "discrete"
    ? randomAction(space, rng)
    : Float32Array.from({ length: boundsOf(space) }, () => rng.uniform(-1, 1));

const boundsOf = (space: ActionSpace): number =>
  space.kind === "box" ? space.shape.reduce((all, one) => all * one, 1) : 1;

/** @throws UserError when an action has no bound, so that there is no unit for it */
export function assertBounded(space: ActionSpace): void {
  if (space.kind === "discrete") return;
  const open = Array.from({ length: boundsOf(space) }, (_, at) => at).find(
    (at) => !Number.isFinite(boundOf(space.low, at)) || !Number.isFinite(boundOf(space.high, at)),
  );
  if (open !== undefined) throw new UserError(`the environment's action has no bounds at ${open}; an agent needs them`);
}
