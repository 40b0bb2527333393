import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KindLine } from "./table.ts";

/** Kinds of data with their own commands: one line each, the only import of them from outside their folder. */
export const kinds: Readonly<Record<string, KindLine>> = {
  molecule: {
    summary: "language models of SMILES: complete, generate, perplexity",
    load: () => import("../modalities/molecule/commands/index.ts"),
  },
  pair: {
    summary: "images with captions: caption, complete",
    load: () => import("../modalities/pair/commands/index.ts"),
  },
  protein: {
    summary: "language models of proteins: complete, perplexity",
    load: () => import("../modalities/protein/commands/index.ts"),
  },
  series: {
    summary: "series of readings: forecast, continue, anomalies",
    load: () => import("../modalities/series/commands/index.ts"),
  },
  text: {
    summary: "language models and tokenizers: complete, perplexity, tokenize",
    load: () => import("../modalities/text/commands/index.ts"),
  },
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The kind of data of the run that is named first; undefined if none is. */
export async function kindOfRun(args: readonly string[]): Promise<string | undefined> {
  for (const path of args.filter((arg) => !arg.startsWith("-"))) {
    const config: unknown = await readFile(join(path, "config.json"), "utf8")
      .then(JSON.parse)
      .catch(() => undefined);
    const name = isObject(config) && isObject(config.modality) ? config.modality.name : undefined;
    if (typeof name === "string") return name;
  }
  return undefined;
}
