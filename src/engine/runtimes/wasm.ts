import { type Array as JaxArray, jit, numpy } from "@jax-js/jax";
import type { DType, Tensor } from "../../array/index.ts";
import { type DeviceTensor, isDeviceTensor, type Runtime } from "../runtime.ts";
import { startJax } from "../trace.ts";

/** An output of jax-js' engine. */
class JaxTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly array: JaxArray;

  constructor(array: JaxArray, dtype: DType) {
    this.array = array;
    this.dtype = dtype;
    this.shape = array.shape;
  }

  async read(): Promise<Tensor> {
    const data = await this.array.ref.data();
    if (data instanceof Float16Array || data instanceof Float64Array)
      throw new Error(`an array is of half or double precision, expected ${this.dtype}`);
    return { dtype: this.dtype, shape: this.shape, data: this.dtype === "bool" ? Uint8Array.from(data) : data };
  }

  dispose(): void {
    this.array.dispose();
  }
}

function upload({ dtype, shape, data }: Tensor): JaxArray {
  // Booleans are passed as integers, since jax-js has no constructor for packed ones.
  if (data instanceof Uint8Array)
    return numpy.array(Int32Array.from(data), { shape: [...shape], dtype: numpy.int32 }).astype(numpy.bool);
  const copy = data.slice();
  const type = dtype === "float32" ? numpy.float32 : dtype === "int32" ? numpy.int32 : numpy.uint32;
  return numpy.array(copy, { shape: [...shape], dtype: type });
}

/** Runs on jax-js' own kernels: a reference for tests. */
export const wasmRuntime: Runtime = async ({ graph, flat }, { name }) => {
  await startJax();
  const compiled = jit(flat);
  return {
    async run(inputs) {
      const args = inputs.map((input, index) => {
        if (input instanceof JaxTensor) return input.array.ref;
        if (isDeviceTensor(input)) throw new Error(`${name}: input ${index} belongs to another engine`);
        return upload(input);
      });
      return compiled(...args).map((array, index) => new JaxTensor(array, graph.outputs[index]!.dtype));
    },
    async dispose() {
      compiled.dispose();
    },
  };
};
