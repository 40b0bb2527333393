import { type FileHandle, open } from "node:fs/promises";
import { isPassing } from "../../foundation/retry.ts";

/** Reads parts of archives; files are opened when they are first read, and stay open. */
export interface RandomAccess {
  /** @throws Error when the file ends before, or cannot be read */
  take(path: string, position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export function randomAccess(): RandomAccess {
  const files = new Map<string, Promise<{ handle: FileHandle; size: number }>>();
  const opened = (path: string) => {
    const existing = files.get(path);
    if (existing) return existing;
    const file = open(path, "r").then(async (handle) => ({ handle, size: (await handle.stat()).size }));
    files.set(path, file);
    // So that the next read tries again.
    file.catch(() => files.delete(path));
    return file;
  };
  return {
    async take(path, position, length) {
      const { handle, size } = await opened(path);
      if (position + length > size) throw new Error("the archive ends early");
      const { buffer, bytesRead } = await handle
        .read(Buffer.alloc(length), 0, length, position)
        .catch((error: unknown) => {
          // A file that a server has forgotten is opened anew.
          if (isPassing(error) && files.delete(path)) void handle.close().catch(() => undefined);
          throw error;
        });
      if (bytesRead < length) throw new Error("the archive ends early");
      return buffer;
    },
    close: async () => {
      await Promise.all([...files.values()].map(async (file) => (await file).handle.close()));
    },
  };
}
