import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileError } from "../../../foundation/files.ts";

const BUFFERED = 1 << 20;

/** A temporary folder for unpacked texts; removed by `remove`, or at the end of the process. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "autodidact-text-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    remove() {
      process.off("exit", remove);
      remove();
    },
  };
}

/** A file that is only appended to. */
export class Appender {
  readonly path: string;
  readonly #handle: number;
  #pending: Uint8Array[] = [];
  #waiting = 0;
  #length = 0;

  constructor(path: string) {
    this.path = path;
    this.#handle = openSync(path, "w");
  }

  /** @returns the offset of the bytes in the file. @throws UserError when the disk is full */
  append(bytes: Uint8Array): number {
    const start = this.#length;
    this.#pending.push(bytes);
    this.#waiting += bytes.length;
    this.#length += bytes.length;
    if (this.#waiting >= BUFFERED) this.flush();
    return start;
  }

  /** @throws UserError when the disk is full */
  flush(): void {
    const all = Buffer.concat(this.#pending);
    try {
      for (let done = 0; done < all.length; ) done += writeSync(this.#handle, all, done);
    } catch (error) {
      throw fileError(this.path, "written", error);
    }
    this.#pending = [];
    this.#waiting = 0;
  }

  /** Closes the file; unflushed bytes are lost. */
  close(): void {
    closeSync(this.#handle);
  }
}
