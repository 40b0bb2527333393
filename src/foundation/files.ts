import { access, constants, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { codeOf, messageOf, UserError } from "./errors.ts";
import { fateOf, MARK, PROCESS_MARK } from "./processes.ts";

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

export { codeOf };

/** A failed file operation as a `UserError` of one line that names the path; other errors are returned unchanged. */
export function fileError(path: string, action: string, error: unknown): unknown {
  const code = codeOf(error);
  if (!code) return error;
  const reason = reasons[code] ?? messageOf(error);
  if (isTemporary(path))
    return new UserError(
      `${tmpdir()}: the temporary folder could not be ${action} (${reason}); free space there, or name another: TMPDIR=/path`,
    );
  return new UserError(`${path}: could not be ${action} (${reason})`);
}

/** Whether a path is the system's temporary folder, or in a folder of ours there. */
const isTemporary = (path: string): boolean =>
  resolve(path) === resolve(tmpdir()) || resolve(path).startsWith(`${resolve(tmpdir(), "autodidact-")}${PROCESS_MARK}`);

/** A name for a file until it is complete: hidden, so that no listing takes it, and with the mark of this process. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.autodidact-${PROCESS_MARK}-${crypto.randomUUID().slice(0, 8)}.tmp`);

/**
 * Creates a folder and its parents, one by one: Node's recursive form never ends where a folder is there in which none can be
 * made, such as /proc, and hides the reason on a read-only file system.
 * @throws UserError naming the path
 */
export async function makeFolder(path: string): Promise<void> {
  const isFolder = (one: string) =>
    stat(one).then(
      (info) => info.isDirectory(),
      () => false,
    );
  const failed = await mkdir(path).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failed === undefined || (await isFolder(path))) return;
  const above = dirname(resolve(path));
  if (codeOf(failed) !== "ENOENT" || (await isFolder(above))) throw fileError(path, "made", failed);
  await makeFolder(above);
  await makeFolder(path);
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

/** Whether there is a file of this name; false for a folder, and for what cannot be looked at. */
export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  );

/**
 * Writes a file atomically: a reader, also after a power failure, sees either the old file or the new one. Written
 * under a temporary name, synced and renamed; then the folder is synced.
 * @param ready is called when all is written, before it is renamed
 * @throws UserError naming the path when the disk is full or the folder is not writable; the old file stays intact
 */
export const writeAtomically = (
  path: string,
  parts: Iterable<Uint8Array | string>,
  ready?: () => Promise<void>,
): Promise<void> => replaceFile(path, (temporary) => writeParts(temporary, parts), ready);

/** Writes the parts of a file, and syncs it. */
export async function writeParts(path: string, parts: Iterable<Uint8Array | string>): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Puts a file in place that `write` writes under a temporary name.
 * @param ready is called with that name when it is complete, before it is renamed
 * @throws UserError naming the path; the old file stays intact
 */
export async function replaceFile(
  path: string,
  write: (temporary: string) => Promise<void>,
  ready?: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await write(temporary);
    await ready?.(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, "written", error);
  }
}

const TEMPORARY = new RegExp(`^\\.autodidact-(${MARK})-\\w+\\.tmp$`);

/**
 * Removes a folder's temporary files, which `writeAtomically` leaves behind when its process is killed.
 * @param isMine whether nobody else may write there: then those of processes elsewhere are removed, too
 */
export async function removeTemporary(folder: string, isMine: boolean): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(folder, "read", error);
  });
  for (const name of names) {
    const mark = TEMPORARY.exec(name)?.[1];
    const fate = mark === undefined ? "running" : fateOf(mark);
    if (fate === "running" || (fate === "elsewhere" && !isMine)) continue;
    await rm(join(folder, name), { force: true }).catch((error: unknown) => {
      throw fileError(join(folder, name), "removed", error);
    });
  }
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
