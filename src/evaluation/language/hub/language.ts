import { type Tensor, tree } from "../../../array/index.ts";
import { bertLayout } from "./bert.ts";
import { gpt2Config, gpt2Layout } from "./gpt2.ts";
import { isClassic, type LanguageFacts, type LanguageLayout } from "./layout.ts";

/**
 * BERT's or GPT-2's layout, or Autodidact's own if neither has such an encoder. With a head it is BERT's or our own:
 * transformers.js has no text classification for GPT-2.
 */
export function languageLayout(facts: LanguageFacts): LanguageLayout {
  const { norm, positions, causal, width, heads, headDim } = facts.encoder.hyperparameters;
  const { head, predictsTokens } = facts;
  const isCausal = causal === "true";
  // Their classes cannot have heads that are together narrower than the width.
  const isPublished =
    isClassic(facts.encoder) &&
    positions === "learned" &&
    (headDim === undefined || Number(heads) * Number(headDim) === width);
  if (isPublished && norm === "post" && !isCausal && (!head || head.linear)) return bertLayout(facts);
  if (isPublished && norm === "pre" && isCausal && !head) return gpt2Layout(facts);
  const generates = isCausal && predictsTokens && !head;
  return {
    config: generates ? gpt2Config(facts) : { model_type: "bert" },
    tensors: tree.entries<Tensor>(facts.params),
    note: `\`model.safetensors\` has Autodidact's own names, since no Python class has such an encoder; \`config.json\` calls it ${generates ? "GPT-2" : "BERT"} so that transformers.js finds its pipeline. Use the ONNX file.`,
  };
}
