import { open as openFile, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { extensionOf } from "../../../data/files/extension.ts";
import { Tally } from "../../../data/files/left-out.ts";
import type { OpenOptions } from "../../../data/source.ts";
import { type TableFormat, tableFormats } from "../../../data/tables/rows.ts";
import { UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { retried } from "../../../foundation/retry.ts";
import { arffSeries, isArff } from "./arff.ts";
import { npySeries } from "./npy.ts";
import { npzSeries } from "./npz.ts";
import type { Found } from "./store.ts";
import { tableSeries } from "./table.ts";
import { isUcr, ucrSeries } from "./ucr.ts";

export const FORMATS = "CSV, TSV, JSONL, Parquet, .ts and .arff of UCR and UEA, .npy, .npz, or a zip of them";

export type Format = TableFormat | "blanks" | "ucr" | "arff" | "npy" | "npz";

/** The format by the name; `only` is whether the user named the file: then texts are columns between blanks. */
export function formatOf(name: string, only: boolean): Format | undefined {
  const extension = extensionOf(name);
  if (extension === ".ts") return "ucr";
  if (extension === ".arff") return "arff";
  if (extension === ".npy") return "npy";
  if (extension === ".npz") return "npz";
  if (only && [".txt", ".dat", ".asc"].includes(extension)) return "blanks";
  return tableFormats[extension];
}

/** Beginning of a file that shows what it is. */
export const PROBE = 1 << 14;

export async function startOf(path: string): Promise<Buffer> {
  const file = await openFile(path, "r").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PROBE), 0, PROBE, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export interface Read {
  readonly found: readonly Found[];
  readonly leftOut: Tally;
  readonly notes: readonly string[];
}

/** The series of one file. @throws UserError or BrokenSample when there are none */
export async function readSeries(path: string, name: string, only: boolean, options: OpenOptions): Promise<Read> {
  const format = formatOf(path, only);
  const plain = (found: readonly Found[]): Read => ({ found, leftOut: new Tally(), notes: [] });
  if (format === "npy") return plain(npySeries(await retried(path, () => readFile(path)), name || basename(path)));
  if (format === "npz") return plain(await npzSeries(path, name || basename(path)));
  if (format === "arff") {
    if (!path.endsWith(".gz") && !isArff((await startOf(path)).toString("utf8")))
      throw new UserError(`${path}: not an ARFF file: it does not begin with @relation`);
    return plain(await arffSeries(path, name || basename(path)));
  }
  if (format === "ucr") {
    if (!path.endsWith(".gz") && !isUcr((await startOf(path)).toString("utf8")))
      throw new UserError(`${path}: not a .ts file of the UCR archive: it has no @problemName or @data`);
    return plain(await ucrSeries(path, name || basename(path)));
  }
  return tableSeries(path, format ?? "blanks", name, options);
}
