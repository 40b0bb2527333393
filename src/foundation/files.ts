import { access, constants, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, UserError } from "./errors.ts";

const reasons: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTDIR: "a part of the path is a file",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file or folder",
};

/** The `code` of a failed file operation, if it is one. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** A failed file operation as a `UserError` of one line that names the path; other errors are returned unchanged. */
export function fileError(path: string, action: string, error: unknown): unknown {
  const code = codeOf(error);
  if (!code) return error;
  return new UserError(`${path}: could not be ${action} (${reasons[code] ?? messageOf(error)})`);
}

/** Creates a folder and its parents. @throws UserError naming the path */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // On a read-only file system, Node's recursive form reports ENOENT; the plain form reports the real reason.
    const above = codeOf(error) === "ENOENT" && dirname(path) !== path ? dirname(path) : undefined;
    if (above) await makeFolder(above);
    await mkdir(path).catch((plain: unknown) => {
      throw fileError(path, "made", plain);
    });
  }
}

/** Checks that a file can be written, before long work; creates its folder. @throws UserError naming the path */
export async function prepareFile(path: string): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new UserError(`${path}: could not be written (${reasons.EISDIR})`);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw fileError(path, "written", error);
  });
}

/**
 * Writes a file atomically: a reader, also after a power failure, sees either the old file or the new one. Written
 * under a temporary name, synced and renamed; then the folder is synced.
 * @throws UserError naming the path when the disk is full or the folder is not writable; the old file stays intact
 */
export async function writeAtomically(path: string, parts: Iterable<Uint8Array | string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, "written", error);
  }
}

/** Removes a folder's temporary files, which `writeAtomically` leaves behind when its process is killed. */
export async function removeTemporary(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(folder, "read", error);
  });
  for (const name of names.filter((entry) => /\.\d+\.tmp$/.test(entry)))
    await rm(join(folder, name), { force: true }).catch((error: unknown) => {
      throw fileError(join(folder, name), "removed", error);
    });
}

/** Nothing on Windows, which cannot open folders; renames are durable there without it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
