import type { DType } from "../../array/index.ts";
import { GraphWriter } from "../lower/onnx.ts";
import { InferenceSession, type Tensor as OrtTensor } from "./ort.ts";

/** By type and rank; extents are free. */
const sessions = new Map<string, Promise<InferenceSession>>();

function copier(dtype: DType, rank: number): Promise<InferenceSession> {
  const extents = globalThis.Array.from({ length: rank }, (_, axis) => `extent${axis}`);
  const writer = new GraphWriter();
  writer.output("copy", writer.input("tensor", dtype, extents), dtype, extents);
  return InferenceSession.create(writer.finish(), {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "cpu",
    logSeverityLevel: 3,
  });
}

/**
 * Copies a tensor from a GPU buffer to the host. onnxruntime-node 1.30's `getData` cannot: it throws "not implemented"
 * where nothing can catch it, and the process aborts. So this runs a program whose output is bound to the host.
 */
export async function download(tensor: OrtTensor, dtype: DType): Promise<OrtTensor> {
  const key = `${dtype} ${tensor.dims.length}`;
  const session = sessions.get(key) ?? copier(dtype, tensor.dims.length);
  sessions.set(key, session);
  const { copy } = await (await session).run({ tensor });
  return copy!;
}
