import { type Tensor, type TensorSpec, type Tree, tree } from "../array/index.ts";
import type { Traced } from "./trace.ts";

/** Where a program runs. All but `wasm` are ONNX Runtime's execution providers; `wasm` is jax-js' own engine. */
export const devices = ["cpu", "cuda", "coreml", "dml", "webgpu", "wasm"] as const;
export type Device = (typeof devices)[number];

/** An output that stays where it was computed until it is read; may be passed to `run` again without a copy. */
export interface DeviceTensor extends TensorSpec {
  /** The values on the host. On `cpu` they are not copied. */
  read(): Promise<Tensor>;
  dispose(): void;
}

/** One engine's form of a program, over flat lists of leaves. */
export interface Executable {
  run(inputs: readonly (Tensor | DeviceTensor)[]): Promise<DeviceTensor[]>;
  dispose(): Promise<void>;
}

export interface RuntimeOptions {
  readonly device: Device;
  readonly name: string;
  /** Threads within one operator; all cores when not given. */
  readonly threads?: number;
  /**
   * Threads wait for work awake, which is a little faster while nothing else needs the processors; a server's requests and
   * decoders do. Default true.
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
