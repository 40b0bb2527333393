import { measuringPerplexity } from "../../../cli/language/perplexity.ts";

export const configure = measuringPerplexity({
  what: "molecules",
  column: "column with the SMILES, by name or, without a header, by number (default: found by its name)",
  example: "autodidact molecule perplexity runs/smiles held-out.smi --train molecules.smi",
});
