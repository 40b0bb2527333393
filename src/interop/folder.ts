import { copyFile, link, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../foundation/files.ts";
import { claimFolder } from "../foundation/outputs.ts";

/**
 * Creates the folder of an exported model, and removes an earlier export's int8 model.
 * @throws UserError when the folder holds something else
 */
export async function makeModelFolder(path: string): Promise<void> {
  await claimFolder(path, "model");
  await makeFolder(join(path, "onnx"));
  await rm(join(path, "onnx", "model_quantized.onnx"), { force: true });
}

/** Hard-links a file under a second name, or copies it where the file system has no links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}
