import { copyFile, link, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../foundation/errors.ts";
import { codeOf, fileError, makeFolder } from "../foundation/files.ts";

/** A folder that has files in it, none of them an earlier export's, is somebody's. */
export async function refuseForeignFolder(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(path, "read", error);
  });
  if (names.length > 0 && !names.includes("model.onnx"))
    throw new UserError(`${path}: not empty, and no model in it; name a new folder`);
}

/** The folder of a model's files, without the int8 model of an earlier one. */
export async function makeModelFolder(path: string): Promise<void> {
  await makeFolder(join(path, "onnx"));
  await rm(join(path, "onnx", "model_quantized.onnx"), { force: true });
}

/** One file under two names where the file system allows it. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}
