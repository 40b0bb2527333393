import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileError } from "./files.ts";
import { fateOf, MARK, PROCESS_MARK } from "./processes.ts";

/** A folder of this process for files that nobody else reads; it is removed at the end of `using`, or of the process. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  remove(): void;
}

const PREFIX = "autodidact-";
const OURS = new RegExp(`^${PREFIX}(${MARK})-\\w{6}$`);

const inUse = new Set<string>();
let isWatching = false;

const removeFolder = (path: string): void => {
  rmSync(path, { recursive: true, force: true });
  inUse.delete(path);
};

/**
 * Creates a temporary folder.
 * @throws UserError naming the system's temporary folder (`TMPDIR`) when it cannot be written
 *
 * @example
 * using folder = temporaryFolder();
 * await writeFile(join(folder.path, "texts"), "…");
 */
export function temporaryFolder(): TemporaryFolder {
  sweepTemporary();
  let path: string;
  try {
    path = mkdtempSync(join(tmpdir(), `${PREFIX}${PROCESS_MARK}-`));
  } catch (error) {
    throw fileError(tmpdir(), "written", error);
  }
  inUse.add(path);
  if (!isWatching)
    process.once("exit", () => {
      for (const one of inUse) removeFolder(one);
    });
  isWatching = true;
  const remove = () => removeFolder(path);
  return { path, remove, [Symbol.dispose]: remove };
}

let isSwept = false;

/**
 * Removes, once in a process, what killed processes left in the temporary folder: only folders whose name has our mark, of
 * a process of this machine that has ended.
 */
export function sweepTemporary(): void {
  if (isSwept) return;
  isSwept = true;
  try {
    for (const name of readdirSync(tmpdir())) {
      const mark = OURS.exec(name)?.[1];
      if (mark !== undefined && fateOf(mark) === "ended") removeFolder(join(tmpdir(), name));
    }
  } catch {
    // Another user's, or no such folder: whoever needs to write there is told.
  }
}
