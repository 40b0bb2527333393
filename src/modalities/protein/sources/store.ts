import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import * as z from "zod";
import { Appender } from "../../../data/files/appender.ts";
import type { LeftOut } from "../../../data/files/left-out.ts";
import { type Groups, groupFields } from "../../../data/parts/groups.ts";
import type { Source } from "../../../data/source.ts";
import { float64Column, uint32Column } from "../../../data/tables/growing.ts";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { retried } from "../../../foundation/retry.ts";
import { temporaryFolder } from "../../../foundation/temporary.ts";
import type { Protein } from "../protein.ts";
import { LONGEST, residuesOf } from "./letters.ts";

/** Where the sequences are in a temporary file, and their names. Shared between threads. */
export interface ProteinIndex {
  readonly kind: "proteins";
  readonly path: string;
  /** First byte of each sequence, and the end of the last. */
  readonly starts: Float64Array;
  /** All names in UTF-8, one after the other, and where each ends. */
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  readonly leftOut?: readonly LeftOut[];
  readonly notes?: readonly string[];
  readonly classes?: readonly string[];
  readonly labels?: Int32Array;
  /** What sequences belong to, by a field of their headers or a column. */
  readonly groups?: Groups | undefined;
}

export const isProteinIndex = (value: unknown): value is ProteinIndex =>
  z.looseObject({ kind: z.literal("proteins") }).safeParse(value).success;

/** Writes sequences to a temporary file, one after the other. */
export class ProteinCollector {
  readonly #folder = temporaryFolder();
  readonly #file = new Appender(join(this.#folder.path, "proteins"));
  readonly #starts = float64Column();
  readonly #nameEnds = uint32Column();
  readonly #names: string[] = [];
  #length = 0;
  #nameLength = 0;

  get count(): number {
    return this.#names.length;
  }

  /** Begins a sequence. */
  begin(name: string): void {
    this.#starts.push(this.#length);
    this.#names.push(name);
    this.#nameLength += Buffer.byteLength(name);
    this.#nameEnds.push(this.#nameLength);
  }

  /** Appends to the latest sequence. */
  append(letters: Uint8Array): void {
    this.#file.append(letters);
    this.#length += letters.length;
  }

  names(): readonly string[] {
    return this.#names;
  }

  /** Ends writing. @throws UserError when the disk is full */
  index(): ProteinIndex {
    this.#file.flush();
    this.#starts.push(this.#length);
    const names = new Uint8Array(new SharedArrayBuffer(this.#nameLength));
    names.set(Buffer.from(this.#names.join("")));
    return {
      ...{ kind: "proteins", path: this.#file.path, starts: this.#starts.shared() },
      ...{ names, nameEnds: this.#nameEnds.shared() },
    };
  }

  remove(): void {
    this.#file.close();
    this.#folder.remove();
  }
}

/** Reads after which the event loop has a turn. */
const TURN = 1024;

/** A source of the proteins of an index. @param onClose further clean-up */
export function proteinSource(index: ProteinIndex, onClose: () => void = () => undefined): Source<Protein> {
  const { path, starts, names, nameEnds, classes, labels, leftOut, notes, groups } = index;
  let handle: number | undefined;
  let reads = 0;
  const name = (at: number): string =>
    Buffer.from(names.subarray(at === 0 ? 0 : nameEnds[at - 1]!, nameEnds[at]!)).toString("utf8");
  return {
    length: starts.length - 1,
    ...(leftOut ? { leftOut } : {}),
    ...(notes ? { notes } : {}),
    ...(classes && labels ? { classes, labels } : {}),
    ...groupFields(groups, name),
    name,
    async read(at) {
      if (++reads % TURN === 0) await setImmediate();
      const [start, end] = [starts[at]!, starts[at + 1]!];
      if (end - start > LONGEST) throw new BrokenSample(`has more than ${LONGEST.toLocaleString("en")} letters`);
      const bytes = Buffer.allocUnsafe(end - start);
      try {
        handle ??= await retried(path, () => openSync(path, "r"));
        const opened = handle;
        const count = await retried(path, () => readSync(opened, bytes, 0, bytes.length, start));
        if (count < bytes.length) throw new Error("it is cut off");
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new Error(`${path}: the sequences could not be read (${messageOf(error)})`);
      }
      return { residues: residuesOf(bytes.toString("utf8")), name: name(at) };
    },
    manifest: index,
    async close() {
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
      onClose();
    },
  };
}
