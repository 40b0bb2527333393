import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "../runtimes/ort.ts";

/**
 * Folds constants, and BatchNorm into convolutions, by ONNX Runtime's basic optimisations, as its tools do before they
 * quantise. The result has standard operators only.
 */
export async function simplifyOnnx(model: Uint8Array): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-onnx-"));
  try {
    const path = join(folder, "model.onnx");
    const session = await InferenceSession.create(model, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "basic",
      optimizedModelFilePath: path,
      logSeverityLevel: 3,
    });
    await session.release();
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
