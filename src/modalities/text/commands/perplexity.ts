import { measuringPerplexity } from "../../../cli/language/perplexity.ts";

export const configure = measuringPerplexity({
  what: "text",
  column: "column with the texts, by name or, without a header, by number (default: text)",
  example: "autodidact text perplexity runs/books held-out.txt --train corpus.txt",
});
