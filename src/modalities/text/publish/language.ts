import { type Tensor, tree } from "../../../array/index.ts";
import { bertLayout } from "./bert.ts";
import { gpt2Config, gpt2Layout } from "./gpt2.ts";
import type { LanguageFacts, LanguageLayout } from "./layout.ts";

/**
 * BERT's or GPT-2's layout, or our own where neither has such an encoder; with a head it is BERT's or our own: of
 * text-classification transformers.js knows nothing that is GPT-2's.
 */
export function languageLayout(facts: LanguageFacts): LanguageLayout {
  const { norm, positions, causal, width, heads, headDim } = facts.encoder.hyperparameters;
  const { head, predictsTokens } = facts;
  const isCausal = causal === "true";
  // Their classes have no room for heads that are narrower together than the width.
  const isPublished = positions === "learned" && (headDim === undefined || Number(heads) * Number(headDim) === width);
  if (isPublished && norm === "post" && !isCausal && (!head || head.linear)) return bertLayout(facts);
  if (isPublished && norm === "pre" && isCausal && !head) return gpt2Layout(facts);
  const generates = isCausal && predictsTokens && !head;
  return {
    config: generates ? gpt2Config(facts) : { model_type: "bert" },
    tensors: tree.entries<Tensor>(facts.params),
    note: `\`model.safetensors\` has Autodidact's own names, for no Python class has such an encoder; \`config.json\` calls it ${generates ? "GPT-2" : "BERT"} so that transformers.js finds its pipeline. Use the ONNX file.`,
  };
}
