import type { CommandTable } from "../../../cli/table.ts";

/** Commands for texts only: `autodidact text complete`. */
export const commands: CommandTable = {
  "Commands:": {
    complete: {
      summary: "fill the masks of a text, or continue it, by a language model",
      load: () => import("./complete.ts"),
    },
    perplexity: {
      summary: "how well a language model predicts held-out text: accuracy, perplexity, bits per byte",
      load: () => import("./perplexity.ts"),
    },
    tokenize: {
      summary: "learn a tokenizer from texts and write it as Hugging Face's tokenizer.json",
      load: () => import("./tokenize.ts"),
    },
  },
};
