import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dataLines } from "../lines.ts";

/** Writes so many molecules of MUV, evenly from all of it and without labels. @returns the file's path */
export async function writePool(folder: string, molecules: number): Promise<string> {
  const rows = (await dataLines("molecules/muv.csv.gz")).slice(1);
  const every = Math.max(1, Math.floor(rows.length / molecules));
  const smiles = rows.filter((_, at) => at % every === 0).map((row) => row.split(",").at(-1));
  const path = join(folder, "pool.smi");
  await writeFile(path, `${smiles.slice(0, molecules).join("\n")}\n`);
  return path;
}
