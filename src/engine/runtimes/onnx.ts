import type { DType, Tensor } from "../../array/index.ts";
import { messageOf, UserError } from "../../foundation/errors.ts";
import type { Graph } from "../graph.ts";
import { lower } from "../lower/index.ts";
import { type Device, type DeviceTensor, isDeviceTensor, type Runtime } from "../runtime.ts";
import { download } from "./download.ts";
import * as ort from "./ort.ts";

/** An output tensor of ONNX Runtime, which may be in a device's memory. */
class OnnxTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly #tensor: ort.Tensor;
  #state: "unseen" | "read" | "disposed" = "unseen";

  constructor(tensor: ort.Tensor, dtype: DType) {
    this.#tensor = tensor;
    this.dtype = dtype;
    this.shape = tensor.dims;
  }

  /** @throws Error after `dispose` */
  get tensor(): ort.Tensor {
    if (this.#state === "disposed") throw new Error(`a ${this.dtype}[${this.shape}] is used after it was disposed`);
    return this.#tensor;
  }

  async read(): Promise<Tensor> {
    const { data } = this.tensor.location === "cpu" ? this.tensor : await download(this.tensor, this.dtype);
    this.#state = "read";
    if (
      data instanceof Float32Array ||
      data instanceof Int32Array ||
      data instanceof Uint32Array ||
      data instanceof Uint8Array
    )
      return { dtype: this.dtype, shape: this.shape, data };
    throw new Error(`a tensor is ${this.tensor.type}, expected ${this.dtype}`);
  }

  dispose(): void {
    const tensor = this.#tensor;
    if (tensor.location !== "cpu") tensor.dispose();
    // Memory that nobody has read is freed at once, since the garbage collector would free it much later.
    else if (this.#state === "unseen" && ArrayBuffer.isView(tensor.data) && tensor.data.buffer instanceof ArrayBuffer)
      tensor.data.buffer.transfer(0);
    this.#state = "disposed";
  }
}

/** onnxruntime-web lists no backends; the build for browsers has the CPU's only. */
const runtime: Partial<typeof ort> = ort;
const backends = () => runtime.listSupportedBackends?.() ?? [{ name: "cpu", bundled: true }];

/** Why a device cannot be used here; undefined if it can. */
function obstacle(device: Device): string | undefined {
  const all = backends();
  if (all.some((backend) => backend.name === device && (backend.bundled || device === "cuda"))) return undefined;
  return `device "${device}" is not available here; there are: ${[...all.filter((backend) => backend.bundled).map((backend) => backend.name), "wasm"].join(", ")}`;
}

/** Outputs stay on the GPU, except scalars such as the loss, which every step's caller reads. */
const outputLocations = ({ outputs }: Graph, names: readonly string[]) =>
  Object.fromEntries(
    outputs.map(({ shape }, index) => [names[index]!, shape.length === 0 ? ("cpu" as const) : ("gpu-buffer" as const)]),
  );

/** Lowers to ONNX and runs on ONNX Runtime. @throws UserError when the device is not available. */
export const onnxRuntime: Runtime = async ({ graph, constants }, { device, name, threads, spin = true, profile }) => {
  const blocked = obstacle(device);
  if (blocked) throw new UserError(blocked);
  const inputNames = graph.inputs.map((_, index) => `i${index}`);
  const outputNames = graph.outputs.map((_, index) => `o${index}`);
  const initializers = new Map(constants.map((constant, index) => [index, constant]));
  const model = lower(graph, { name, inputNames, outputNames, initializers, portable: device !== "cpu" });
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [device],
    intraOpNumThreads: threads ?? navigator.hardwareConcurrency,
    graphOptimizationLevel: "all",
    // Its one block for all intermediate values adds to what the arena took in the first run: a third more memory, at
    // the same speed.
    enableMemPattern: false,
    ...(spin ? {} : { extra: { session: { intra_op: { allow_spinning: "0" } } } }),
    logSeverityLevel: 3,
    ...(device === "webgpu" ? { preferredOutputLocation: outputLocations(graph, outputNames) } : {}),
    ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
  }).catch((error: unknown) => {
    const reason = messageOf(error);
    if (device !== "cpu") throw new UserError(`device "${device}" could not be started (${reason})`);
    throw new Error(`${name}: ONNX Runtime refused the program (${reason})`, { cause: error });
  });
  const argumentNames = inputNames.slice(constants.length);
  return {
    async run(inputs) {
      const feeds: Record<string, ort.Tensor> = {};
      inputs.forEach((input, index) => {
        const key = argumentNames[index]!;
        if (input instanceof OnnxTensor) feeds[key] = input.tensor;
        else if (isDeviceTensor(input)) throw new Error(`${name}: input ${index} belongs to another engine`);
        else feeds[key] = new ort.Tensor(input.dtype, input.data, input.shape);
      });
      const results = await session.run(feeds);
      return outputNames.map((key, index) => new OnnxTensor(results[key]!, graph.outputs[index]!.dtype));
    },
    async dispose() {
      if (profile) session.endProfiling();
      await session.release();
    },
  };
};
