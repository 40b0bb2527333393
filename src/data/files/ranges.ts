import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { digestOfFiles } from "../../foundation/contents.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { isPassing, retried } from "../../foundation/retry.ts";

/** Files that lie in one file, one after the other: what was found in cells of tables. */
export interface RangesManifest {
  readonly kind: "ranges";
  readonly path: string;
  readonly names: readonly string[];
  /** Where each begins, and the end of the last. Shared between threads. */
  readonly starts: Float64Array;
}

/** Reads files that lie in one. */
export function rangeEntries({ path, names, starts }: RangesManifest) {
  let handle: number | undefined;
  const close = () => {
    if (handle !== undefined) closeSync(handle);
    handle = undefined;
  };
  return {
    names,
    /** @throws BrokenSample when it cannot be read; UserError when that may pass, and does not */
    async bytes(index: number): Promise<Uint8Array> {
      const bytes = Buffer.allocUnsafe(starts[index + 1]! - starts[index]!);
      try {
        const count = await retried(path, () => {
          try {
            handle ??= openSync(path, "r");
            return readSync(handle, bytes, 0, bytes.length, starts[index]!);
          } catch (error) {
            // A file that a server has forgotten is opened anew.
            if (isPassing(error)) close();
            throw error;
          }
        });
        if (count < bytes.length) throw new Error("the file ends early");
        return bytes;
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new BrokenSample(`could not be read (${messageOf(error)})`);
      }
    },
    contents: async () =>
      createHash("sha256")
        .update(await digestOfFiles([path]))
        .update(starts)
        .digest("hex")
        .slice(0, 16),
    close: async (): Promise<void> => close(),
  };
}
