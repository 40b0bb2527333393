import { copyFile, link, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../foundation/errors.ts";
import { codeOf, fileError, makeFolder } from "../foundation/files.ts";

/** @throws UserError when a folder has files, but no exported model among them */
export async function refuseForeignFolder(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(path, "read", error);
  });
  if (names.length > 0 && !names.includes("model.onnx"))
    throw new UserError(`${path}: not empty, and no model in it; name a new folder`);
}

/** Creates the folder of an exported model, and removes an earlier export's int8 model. */
export async function makeModelFolder(path: string): Promise<void> {
  await makeFolder(join(path, "onnx"));
  await rm(join(path, "onnx", "model_quantized.onnx"), { force: true });
}

/** Hard-links a file under a second name, or copies it where the file system has no links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}
