import type { Array } from "../../array/index.ts";

/** Inputs of an update besides the parameter and its gradient. */
export interface UpdateContext {
  /** float32 scalar. */
  readonly learningRate: Array;
  /** 1 for the first step, float32 scalar. */
  readonly step: Array;
  /** False for biases, norms, positions and tokens. */
  readonly isWeight: boolean;
  /** float32 scalar; absent where the parameter is not decayed. */
  readonly weightDecay?: Array | undefined;
}

/** Updates one parameter at a time; traced into the training step. */
export interface Optimizer {
  /** Names of the state kept for each parameter: arrays of the parameter's shape, initially zero. */
  readonly slots: readonly string[];
  /** Whether biases, norms, positions and tokens are decayed too. */
  readonly decaysAll?: boolean;
  update(
    param: Array,
    gradient: Array,
    memory: Readonly<Record<string, Array>>,
    context: UpdateContext,
  ): { param: Array; memory: Record<string, Array> };
}
