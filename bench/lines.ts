import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DATA } from "./series/machine.ts";

/** The lines of a compressed file of the data sets, blank ones left out. */
export const dataLines = async (name: string): Promise<string[]> =>
  gunzipSync(await readFile(join(DATA, name)))
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
