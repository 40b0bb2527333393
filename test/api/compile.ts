import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./methods.ts";

/**
 * Writes files into a folder inside the package, where "autodidact" is this very code, hands the folder over, and takes it
 * away again. Git and what lints do not see it.
 */
export async function inPackage<Result>(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = join(root, "test", "api", `${process.pid}-${Math.random().toString(36).slice(2)}.tmp`);
  await mkdir(folder);
  try {
    for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What `tsc` has against the TypeScript files of a folder; empty when it has nothing. */
export async function typeErrors(folder: string): Promise<string> {
  await writeFile(join(folder, "tsconfig.json"), '{ "extends": "../../../tsconfig.json", "include": ["*.ts"] }');
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  return stdout + stderr;
}
