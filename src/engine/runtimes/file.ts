import type { Tensor } from "../../array/index.ts";
import { InferenceSession, Tensor as OrtTensor } from "./ort.ts";

/** An input of a file: a tensor, or int32 values that the file reads as int64. */
export type FileInput =
  | Tensor
  | { readonly dtype: "int64"; readonly shape: readonly number[]; readonly data: Int32Array };

/** An open ONNX file. */
export interface OnnxFile {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @param outputs names, all by default; they must be float32 */
  run(inputs: Readonly<Record<string, FileInput>>, outputs?: readonly string[]): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

/** Opens a file in ONNX Runtime on the CPU. @param options.threads all cores by default */
export async function openOnnx(model: Uint8Array, { threads }: { threads?: number } = {}): Promise<OnnxFile> {
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(inputs, outputs = session.outputNames) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { dtype, shape, data }]) => [
          name,
          dtype === "int64"
            ? new OrtTensor("int64", BigInt64Array.from(data, BigInt), shape)
            : new OrtTensor(dtype, data, shape),
        ]),
      );
      const results = await session.run(feeds, [...outputs]);
      return Object.fromEntries(
        outputs.map((name): [string, Tensor] => {
          const found = results[name];
          if (!(found?.data instanceof Float32Array)) throw new Error(`output ${name} is not a float32 tensor`);
          return [name, { dtype: "float32", shape: found.dims, data: found.data }];
        }),
      );
    },
    dispose: () => session.release(),
  };
}
