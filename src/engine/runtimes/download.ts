import type { DType } from "../../array/index.ts";
import { GraphWriter } from "../lower/onnx.ts";
import { InferenceSession, type Tensor as OrtTensor } from "./ort.ts";

/** By type and rank: a tensor's extents are free in them. */
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
 * A copy on the host of a tensor in a GPU's buffer. onnxruntime-node has no `getData` for those: 1.30's throws "not
 * implemented" where nothing can catch it, and the process aborts. A program whose output is bound to the host can do it.
 */
export async function download(tensor: OrtTensor, dtype: DType): Promise<OrtTensor> {
  const key = `${dtype} ${tensor.dims.length}`;
  const known = sessions.get(key) ?? copier(dtype, tensor.dims.length);
  sessions.set(key, known);
  const { copy } = await (await known).run({ tensor });
  return copy!;
}
