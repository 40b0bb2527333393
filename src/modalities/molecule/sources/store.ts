import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { Appender } from "../../../data/files/appender.ts";
import type { LeftOut } from "../../../data/files/left-out.ts";
import { createCache, type SharedCache } from "../../../data/files/shared-cache.ts";
import type { Labels } from "../../../data/labels.ts";
import type { Groups } from "../../../data/parts/groups.ts";
import { float64Column, uint32Column } from "../../../data/tables/growing.ts";
import { retried } from "../../../foundation/retry.ts";
import { temporaryFolder } from "../../../foundation/temporary.ts";
import type { MoleculeEntry } from "./entry.ts";

/** Where molecules are written, as they stood in their files, and what RDKit says of them; structured-cloneable. */
export interface MoleculeIndex {
  readonly kind: "molecules";
  /** Inputs and titles, one after the other. */
  readonly path: string;
  /** Where each begins, and the end of the last. */
  readonly starts: Float64Array;
  /** Line or record in its file, from 1; 0 if the file is one molecule. */
  readonly lines: Uint32Array;
  /** Names of the files, and the end of each one's molecules (exclusive). */
  readonly files: readonly string[];
  readonly ends: readonly number[];
  /** Whether any has a title. */
  readonly titled: boolean;
  /** What every molecule is. */
  readonly records: SharedCache;
  /** What can be computed of it. */
  readonly computed: SharedCache;
  readonly leftOut?: readonly LeftOut[];
  readonly labels?: Labels;
  /** What molecules belong to, by a field of theirs. */
  readonly groups?: Groups | undefined;
}

export const isMoleculeIndex = (value: unknown): value is MoleculeIndex =>
  z.looseObject({ kind: z.literal("molecules") }).safeParse(value).success;

/** Separates an input from its title; RDKit is not asked about inputs that have one. */
const TITLE = "\0";

/** Writes molecules to a temporary file. */
export class MoleculeCollector {
  readonly #folder = temporaryFolder();
  readonly #file = new Appender(join(this.#folder.path, "inputs"));
  readonly #starts = float64Column();
  readonly #lines = uint32Column();
  readonly #files: string[] = [];
  readonly #ends: number[] = [];
  readonly #labels: (string | undefined)[] = [];
  readonly #groups: (string | undefined)[] = [];
  #length = 0;
  #isTitled = false;

  get count(): number {
    return this.#lines.length;
  }

  add({ input, title, label, group, line }: MoleculeEntry): void {
    const bytes = Buffer.from(title === "" ? input : `${input}${TITLE}${title}`);
    if (label !== undefined) this.#labels[this.count] = label;
    if (group !== undefined) this.#groups[this.count] = group;
    this.#isTitled ||= title !== "";
    this.#starts.push(this.#length);
    this.#lines.push(line);
    this.#file.append(bytes);
    this.#length += bytes.length;
  }

  /** Ends a file: all molecules since the last call are of this one. */
  endFile(name: string): void {
    this.#files.push(name);
    this.#ends.push(this.count);
  }

  /** The label of each molecule; undefined if none has one. */
  get labels(): readonly (string | undefined)[] | undefined {
    return this.#labels.length === 0 ? undefined : Array.from({ length: this.count }, (_, at) => this.#labels[at]);
  }

  /** What each molecule belongs to. */
  get groups(): readonly (string | undefined)[] {
    return Array.from({ length: this.count }, (_, at) => this.#groups[at]);
  }

  /** Ends writing. @throws UserError when the disk is full */
  index(): MoleculeIndex {
    this.#file.flush();
    this.#starts.push(this.#length);
    const cache = (name: string) => {
      const path = join(this.#folder.path, name);
      writeFileSync(path, "");
      return createCache(path, this.count);
    };
    return {
      ...{ kind: "molecules", path: this.#file.path, starts: this.#starts.shared(), lines: this.#lines.shared() },
      ...{
        files: this.#files,
        ends: this.#ends,
        titled: this.#isTitled,
        records: cache("records"),
        computed: cache("computed"),
      },
    };
  }

  remove(): void {
    this.#file.close();
    this.#folder.remove();
  }
}

/** The inputs of an index, one thread's. */
export function openInputs({ path, starts }: MoleculeIndex) {
  let handle: number | undefined;
  return {
    async read(at: number): Promise<{ readonly input: string; readonly title: string }> {
      const bytes = Buffer.allocUnsafe(starts[at + 1]! - starts[at]!);
      handle ??= await retried(path, () => openSync(path, "r"));
      const opened = handle;
      const count = await retried(path, () => readSync(opened, bytes, 0, bytes.length, starts[at]!));
      if (count < bytes.length) throw new Error(`${path}: the molecules end early`);
      const [input = "", title = ""] = bytes.toString("utf8").split(TITLE, 2);
      return { input, title };
    },
    close(): void {
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
    },
  };
}
