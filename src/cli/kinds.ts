import type { KindLine } from "./table.ts";

/** Kinds of data that have commands of their own: one line each, the only one outside its folder that imports them. */
export const kinds: Readonly<Record<string, KindLine>> = {
  text: {
    summary: "language models and tokenizers: complete, perplexity, tokenize",
    load: () => import("../modalities/text/commands/index.ts"),
  },
};
