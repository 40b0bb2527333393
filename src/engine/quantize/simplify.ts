import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../foundation/files.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { InferenceSession } from "../runtimes/ort.ts";

/**
 * Folds constants, and BatchNorm into convolutions, by ONNX Runtime's basic optimisations, as its tools do before they
 * quantise. The result has standard operators only.
 */
export async function simplifyOnnx(model: Uint8Array): Promise<Uint8Array> {
  using folder = temporaryFolder();
  const path = join(folder.path, "model.onnx");
  // Written once before ONNX Runtime does: its own error would not say that the disk is full.
  await writeAtomically(path, [model]);
  const session = await InferenceSession.create(model, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: "basic",
    optimizedModelFilePath: path,
    logSeverityLevel: 3,
  });
  await session.release();
  return await readFile(path);
}
