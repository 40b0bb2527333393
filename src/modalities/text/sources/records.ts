import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import * as z from "zod";
import type { LeftOut } from "../../../data/files/left-out.ts";
import type { Source } from "../../../data/source.ts";
import { float64Column, uint32Column } from "../../../data/tables/growing.ts";
import { BOM, describeInvalid, wideEncoding } from "../../../data/tables/utf8.ts";
import { digestOfFiles } from "../../../foundation/contents.ts";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { isPassing, retried } from "../../../foundation/retry.ts";
import { notGreater } from "../../../foundation/sorted.ts";
import type { Text } from "../text.ts";

/** The byte ranges of all texts in their files, not the texts themselves. Shared between threads. */
export interface RecordIndex {
  readonly kind: "records";
  /** Files to read from, which may be unpacked copies, and their names for the user. */
  readonly files: readonly { readonly path: string; readonly name: string }[];
  /** For each file the end of its records (exclusive). */
  readonly ends: readonly number[];
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  /** Line or row of each record in its file, from 1; 0 if the file is one record. */
  readonly lines: Uint32Array;
  /** Whether the texts are rows of tables. */
  readonly tabular: boolean;
  readonly leftOut?: readonly LeftOut[];
  readonly classes?: readonly string[];
  readonly labels?: Int32Array;
}

export const isRecordIndex = (value: unknown): value is RecordIndex =>
  z.looseObject({ kind: z.literal("records") }).safeParse(value).success;

/** Builds an index record by record. */
export class RecordCollector {
  readonly #files: { path: string; name: string }[] = [];
  readonly #ends: number[] = [];
  readonly #starts = float64Column();
  readonly #lengths = uint32Column();
  readonly #lines = uint32Column();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param line its line or row, from 1; 0 for a whole file */
  add(start: number, length: number, line: number): void {
    this.#starts.push(start);
    this.#lengths.push(length);
    this.#lines.push(line);
    this.#count++;
  }

  /** Ends a file: all records since the last call are of this one. */
  endFile(path: string, name: string): void {
    this.#files.push({ path, name });
    this.#ends.push(this.#count);
  }

  index(tabular: boolean): RecordIndex {
    return {
      kind: "records",
      files: this.#files,
      ends: this.#ends,
      starts: this.#starts.shared(),
      lengths: this.#lengths.shared(),
      lines: this.#lines.shared(),
      tabular,
    };
  }
}

/** Reads after which the event loop has a turn: otherwise Ctrl-C would wait until a whole corpus is read. */
const TURN = 1024;

/** Files kept open at a time. */
const OPEN_FILES = 32;

/** A source of the texts of an index. @param onClose further clean-up */
export function recordSource(index: RecordIndex, onClose: () => void = () => undefined): Source<Text> {
  const { files, ends, starts, lengths, lines, classes, labels } = index;
  const open = new Map<number, number>();
  let reads = 0;

  const fileOf = (record: number): number => notGreater(ends, record);
  const shut = (file: number): void => {
    const handle = open.get(file);
    open.delete(file);
    if (handle !== undefined) closeSync(handle);
  };
  const descriptor = (file: number): number => {
    const opened = open.get(file);
    if (opened !== undefined) return opened;
    for (const oldest of open.keys()) {
      if (open.size < OPEN_FILES) break;
      shut(oldest);
    }
    const handle = openSync(files[file]!.path, "r");
    open.set(file, handle);
    return handle;
  };

  return {
    length: starts.length,
    leftOut: index.leftOut,
    ...(classes && labels ? { classes, labels } : {}),
    name(record) {
      const { name } = files[fileOf(record)]!;
      return lines[record] ? `${name}:${lines[record]}` : name;
    },
    /** Synchronous inside: a read from the page cache is faster than handing it to another thread. */
    async read(record) {
      if (++reads % TURN === 0) await setImmediate();
      let bytes = Buffer.allocUnsafe(lengths[record]!);
      try {
        let done = 0;
        const file = fileOf(record);
        const more = () => {
          try {
            return readSync(descriptor(file), bytes, done, bytes.length - done, starts[record]! + done);
          } catch (error) {
            // A file that a server has forgotten is opened anew.
            if (isPassing(error)) shut(file);
            throw error;
          }
        };
        for (let count = -1; done < bytes.length && count !== 0; done += count)
          count = await retried(files[file]!.path, more);
        if (done < bytes.length) throw new Error("the file has become shorter");
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new BrokenSample(`could not be read (${messageOf(error)})`);
      }
      if (lines[record] === 0) {
        if (!isUtf8(bytes) || wideEncoding(bytes)) throw new BrokenSample(describeInvalid(bytes));
        if (bytes.subarray(0, 3).equals(BOM)) bytes = bytes.subarray(3);
      }
      return { text: bytes.toString("utf8").normalize("NFC") };
    },
    // The lengths tell where texts of files that are not read whole have been swapped.
    contents: async () =>
      createHash("sha256")
        .update(await digestOfFiles(new Set(files.map(({ path }) => path))))
        .update(lengths)
        .digest("hex")
        .slice(0, 16),
    manifest: index,
    async close() {
      for (const file of open.keys()) shut(file);
      onClose();
    },
  };
}
