import { copyFile, link, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../foundation/files.ts";
import { claimFolder } from "../foundation/outputs.ts";

/**
 * Creates the folder of an exported model, and removes the models of an earlier export.
 * @throws UserError when the folder holds something else
 */
export async function makeModelFolder(path: string): Promise<void> {
  await claimFolder(path, "model");
  await makeFolder(join(path, "onnx"));
  for (const folder of [path, join(path, "onnx")])
    for (const name of await readdir(folder)) if (name.endsWith(".onnx")) await rm(join(folder, name), { force: true });
}

/** Hard-links a file under a second name, or copies it where the file system has no links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}
