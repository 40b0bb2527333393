import type { Policy } from "../../../environments/environment.ts";

/** A policy that does what another one would in a share of the steps, at random: so that data hold what it would not try. */
export const exploring = (policy: Policy, other: Policy, share = 0.1): Policy => ({
  reset(seed) {
    policy.reset?.(seed);
    other.reset?.(seed);
  },
  act: (observation, rng) => (rng.chance(share) ? other : policy).act(observation, rng),
});
