import { type Tensor, type TensorSpec, type Tree, tree } from "../array/index.ts";
import type { Traced } from "./trace.ts";

/** Where a program runs. All but `wasm`, which is jax-js' engine, are ONNX Runtime's execution providers. */
export const devices = ["cpu", "cuda", "coreml", "dml", "webgpu", "wasm"] as const;
export type Device = (typeof devices)[number];

/** An output that stays on its device until it is read; it may be passed to `run` again without a copy. */
export interface DeviceTensor extends TensorSpec {
  /** The values on the host. On `cpu` they are not copied. */
  read(): Promise<Tensor>;
  dispose(): void;
}

/** A program compiled for one engine, over flat lists of leaves. */
export interface Executable {
  run(inputs: readonly (Tensor | DeviceTensor)[]): Promise<DeviceTensor[]>;
  dispose(): Promise<void>;
}

export interface RuntimeOptions {
  readonly device: Device;
  readonly name: string;
  /** Threads within one operator; all cores by default. */
  readonly threads?: number;
  /**
   * Threads spin while they wait for work, which is slightly faster if nothing else needs the processors, as a server's
   * requests and decoders do. Default true.
   */
  readonly spin?: boolean;
  /** File prefix for ONNX Runtime's profile, written when the program is disposed. */
  readonly profile?: string;
}

export type Runtime = (traced: Traced, options: RuntimeOptions) => Promise<Executable>;

export const isDeviceTensor = (tensor: Tensor | DeviceTensor): tensor is DeviceTensor => "read" in tensor;

/** Reads every leaf of a program's output to the host. */
export async function read(outputs: Tree<DeviceTensor>): Promise<Tree<Tensor>> {
  return tree.unflatten(outputs, await Promise.all(tree.leaves(outputs).map((leaf) => leaf.read())));
}
