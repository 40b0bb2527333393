import type { CommandTable } from "../../../cli/table.ts";

/** Commands for molecules only: `autodidact molecule complete`. */
export const commands: CommandTable = {
  "Commands:": {
    complete: {
      summary: "fill the masks of a SMILES, or continue it, by a language model",
      load: () => import("./complete.ts"),
    },
    generate: {
      summary: "write new SMILES by a language model; how many are molecules, different, new",
      load: () => import("./generate.ts"),
    },
    perplexity: {
      summary: "how well a language model predicts held-out SMILES: accuracy and perplexity",
      load: () => import("./perplexity.ts"),
    },
  },
};
