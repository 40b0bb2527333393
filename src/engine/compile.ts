import type { Array, Tensor, TensorSpec, Tree } from "../array/index.ts";
import type { Device, DeviceTensor } from "./runtime.ts";

export interface CompileOptions {
  readonly device?: Device;
  /** Name of the user's function in errors and profiles. */
  readonly name?: string;
  readonly threads?: number;
}

export interface Program {
  /** Runs on trees of the structure and shapes of the examples. Host tensors and earlier outputs may be mixed. */
  run(...args: Tree<Tensor | DeviceTensor>[]): Promise<Tree<DeviceTensor>>;
  dispose(): Promise<void>;
}

/** CONTRACT STUB, to be replaced by the engine. */
export declare function compile(
  fn: (...args: never[]) => Tree<Array>,
  examples: readonly Tree<TensorSpec>[],
  options?: CompileOptions,
): Promise<Program>;

export declare function valueAndGrad<P, A>(
  loss: (params: P) => { loss: Array; aux: A },
  params: P,
): { loss: Array; aux: A; gradients: P };
