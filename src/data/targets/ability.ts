import { ability } from "../ability.ts";
import type { Sample } from "../views.ts";
import type { Scale } from "./scales.ts";

/** Values of one sort that are computed of a sample: a fingerprint, a set of descriptors. */
export interface TargetGroup {
  /** By which an option names it: `morgan`. */
  readonly name: string;
  /** Bits are 0 or 1; numbers may be anything, NaN where a sample has none. */
  readonly type: "bits" | "numbers";
  /** Number of values. */
  readonly size: number;
  /** How each number is spread over the training data; only of numbers. */
  readonly scales?: readonly Scale[];
}

/** What can be computed of a sample without a label, to be predicted by an encoder that sees less. */
export interface Targets {
  readonly groups: readonly TargetGroup[];
  /** The values of a group, `[size]`; undefined of a sample that was read without them, for its vector alone. */
  of(sample: Sample, group: string): Float32Array | undefined;
}

export const targets = ability<Targets>()("targets", "values that can be computed of a sample without a label");
