import type { Rng } from "../../array/rng.ts";
import type { Tensor } from "../../array/tensor.ts";
import { ability } from "../../data/ability.ts";
import type { TensorRecord } from "../../data/modality.ts";
import type { Sample } from "../../data/views.ts";
import type { Observation } from "../../environments/space.ts";

/** What is between two observations of an episode. */
export interface Transition {
  /** The encoder's input for the first. */
  readonly before: TensorRecord;
  /** What was done in between: float32 `[steps × size]`, with mean 0 and deviation 1; of choices int32 `[steps]`. */
  readonly action: Tensor;
  /** The encoder's input for the last. */
  readonly after: TensorRecord;
  /** 1 if the episode ended with the last action, by its own rules; else 0. */
  readonly terminated: number;
}

/** Observations `steps` actions apart. */
export interface Transitions {
  /** Actions between the two observations: the option `horizon`. */
  readonly steps: number;
  /** Numbers of one action; 1 for a choice. */
  readonly size: number;
  /** Choices that there are, where an action is one of them. */
  readonly choices?: number;
  /** @param rng what is seen of both is distorted lightly, and alike where it is where things are; without it, it is not */
  of(sample: Sample, rng?: Rng): Transition;
}

/** What came of a plan. */
export interface Outcome {
  /** The encoder's input for the observation before the plan: see `Outcomes.inputs`. */
  readonly inputs: TensorRecord;
  /** The plan as the method reads it, float32 `[planSize]`: see `Outcomes.plan`. */
  readonly plan: Tensor;
  /** 1 if the task was fulfilled within the plan, 0 if not. */
  readonly succeeded: number;
  /** 1 if the episode ended within the plan by its own rules, and the task was not fulfilled: a crash; else 0. */
  readonly failed: number;
}

/** Plans of some actions, and what came of them. */
export interface Outcomes {
  /** Actions of a plan: the option `horizon`. */
  readonly steps: number;
  /** Numbers of a plan as methods read it: `steps` × the size of an action; of choices, `steps` × their number, one-hot. */
  readonly planSize: number;
  /** Whether what the encoder reads depends on the plan (`patch`); else it is encoded once for all plans of an observation. */
  readonly perPlan: boolean;
  /**
   * What came of the actions after an observation. After the end of an episode the plan goes on with actions from elsewhere in
   * the data, so that it does not tell how it ended.
   * @param rng distorts lightly what is seen, and mirrors patches; without it, nothing is
   */
  of(sample: Sample, rng?: Rng): Outcome;
  /**
   * The encoder's input for an observation of the environment before a plan. Of images on which actions have a place (`x`, `y`,
   * `angle`), the part around the place of the first action, turned so that the gripper is level.
   * @param plan `steps` actions, in the units of the environment
   */
  inputs(observation: Observation, plan?: Float32Array): TensorRecord;
  /** A plan, in the units of the environment, as methods read it: standardised, or one-hot. */
  plan(actions: Float32Array): Tensor;
}

interface Offers {
  nearby(sample: Sample, rng: Rng, least: number, most: number): Sample;
}

export const transition = ability<Transitions>()("transition", "observations before and after an action");

export const outcome = ability<Outcomes>()("outcome", "plans of actions, and what came of them");

/**
 * Another observation of the same episode, between `least` and `most` frames away, before or after. Where the episode is
 * shorter, the one that is farthest away.
 */
export const nearby = ability<Offers["nearby"]>()("nearby", "other observations of the same episode");
