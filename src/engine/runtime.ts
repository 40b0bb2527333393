import type { Tensor, TensorSpec, Tree } from "../array/index.ts";

/** Where a program runs. All but `wasm` are ONNX Runtime's; `wasm` is jax-js' own engine. */
export const devices = ["cpu", "cuda", "coreml", "dml", "webgpu", "wasm"] as const;
export type Device = (typeof devices)[number];

/** An output that stays where it was computed until it is read; may be passed to `run` again without a copy. */
export interface DeviceTensor extends TensorSpec {
  read(): Promise<Tensor>;
  dispose(): void;
}

/** Reads every leaf of a program's output to the host. */
export declare function read(outputs: Tree<DeviceTensor>): Promise<Tree<Tensor>>;
