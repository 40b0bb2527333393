import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DATA } from "../series/machine.ts";

const FOLDS = 10;

/** The ten given folds of a TU set of so many graphs. */
export const foldsOf = (set: string, graphs: number): Promise<{ train: number[]; test: number[] }[]> =>
  Promise.all(
    Array.from({ length: FOLDS }, async (_, fold) => {
      const text = await readFile(join(DATA, "tu", "folds", set, `test-${fold + 1}.txt`), "utf8");
      const test = text.trim().split(/\s+/).map(Number);
      const held = new Set(test);
      return { train: Array.from({ length: graphs }, (_, at) => at).filter((at) => !held.has(at)), test };
    }),
  );
