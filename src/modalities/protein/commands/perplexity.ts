import { measuringPerplexity } from "../../../cli/language/perplexity.ts";

export const configure = measuringPerplexity({
  what: "proteins",
  column: "column with the sequences, by name or, without a header, by number (default: sequence)",
  example: "autodidact protein perplexity runs/proteins held-out.fasta --train proteins.fasta",
});
