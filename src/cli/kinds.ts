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
