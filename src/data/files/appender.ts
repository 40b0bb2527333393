import { closeSync, openSync, writeSync } from "node:fs";
import { fileError } from "../../foundation/files.ts";

const BUFFERED = 1 << 20;

/** A file that is only appended to. */
export class Appender {
  readonly path: string;
  readonly #handle: number;
  #pending: Uint8Array[] = [];
  #waiting = 0;
  #length = 0;

  /** @throws UserError when the file cannot be made */
  constructor(path: string) {
    this.path = path;
    try {
      this.#handle = openSync(path, "w");
    } catch (error) {
      throw fileError(path, "written", error);
    }
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
