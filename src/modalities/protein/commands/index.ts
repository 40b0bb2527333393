import type { CommandTable } from "../../../cli/table.ts";

/** Commands for proteins only: `autodidact protein complete`. */
export const commands: CommandTable = {
  "Commands:": {
    complete: {
      summary: "fill the masks of a protein, or continue it, by a language model",
      load: () => import("./complete.ts"),
    },
    perplexity: {
      summary: "how well a language model predicts held-out residues: accuracy and perplexity",
      load: () => import("./perplexity.ts"),
    },
  },
};
