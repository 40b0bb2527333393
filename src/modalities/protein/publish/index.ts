import { languageLayout } from "../../../evaluation/language/hub/language.ts";
import { tokenPublisher } from "../../../evaluation/language/hub/publish.ts";
import type { Publisher } from "../../../interop/publisher.ts";
import { ESM_TOKENS } from "../vocabulary.ts";
import { esmLayout, isEsm } from "./esm.ts";

/** Models of proteins: ESM's files if the encoder is ESM-2's, else those of texts, with ESM's vocabulary. */
export const proteinPublisher: Publisher = tokenPublisher({
  layout: (facts) => (isEsm(facts) ? esmLayout(facts) : languageLayout(facts)),
  examples: { whole: "MKTAYIAKQRQISFVKSHFSRQ", masked: "MKTAYIAKQR<mask>ISFVKSHFSRQ", beginning: "MKTAYIAK" },
  tokenizer: ({ model_type }) =>
    model_type === "esm"
      ? { tokenizer_class: "EsmTokenizer", sep_token: undefined, eos_token: ESM_TOKENS.special.end }
      : {},
  // Python's tokenizer reads this file.
  files: ({ model_type }): Record<string, string> =>
    model_type === "esm" ? { "vocab.txt": `${ESM_TOKENS.tokens.join("\n")}\n` } : {},
});
