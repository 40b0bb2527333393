import { type Tensor, tree } from "../../../array/index.ts";
import type { VocabularySpec } from "../../../data/index.ts";
import type { Encoder, InitialParams } from "../../../encoders/index.ts";
import type { ExportedHead } from "../../../interop/huggingface/classifier.ts";
import { bertLayout } from "./bert.ts";
import { gpt2Config, gpt2Layout } from "./gpt2.ts";

/** What is known of a model of text beside its encoder. */
export interface LanguageFacts {
  readonly encoder: Encoder;
  readonly ids: VocabularySpec["ids"];
  /** All of the method's parameters: `encoder`, and where it tells words, its head. */
  readonly params: InitialParams;
  /** Whether the model tells words, or is an encoder only. */
  readonly tellsWords: boolean;
  /** What it answers, where it has learned from labels. */
  readonly head?: ExportedHead;
}

/** How a Transformer over words is written in Hugging Face's terms. */
export interface LanguageLayout {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [name: string, tensor: Tensor])[];
  readonly note: string;
}

/**
 * BERT's or GPT-2's layout, or our own where neither has such an encoder; with a head it is BERT's or our own: of
 * text-classification transformers.js knows nothing that is GPT-2's.
 */
export function languageLayout(facts: LanguageFacts): LanguageLayout {
  const { norm, positions, causal, width, heads, headDim } = facts.encoder.hyperparameters;
  const { head, tellsWords } = facts;
  const isCausal = causal === "true";
  // Their classes have no room for heads that are narrower together than the width.
  const isPublished = positions === "learned" && (headDim === undefined || Number(heads) * Number(headDim) === width);
  if (isPublished && norm === "post" && !isCausal && (!head || head.linear)) return bertLayout(facts);
  if (isPublished && norm === "pre" && isCausal && !head) return gpt2Layout(facts);
  const generates = isCausal && tellsWords && !head;
  return {
    config: generates ? gpt2Config(facts) : { model_type: "bert" },
    tensors: tree.entries<Tensor>(facts.params),
    note: `\`model.safetensors\` has Autodidact's own names, for no Python class has such an encoder; \`config.json\` calls it ${generates ? "GPT-2" : "BERT"} so that transformers.js finds its pipeline. Use the ONNX file.`,
  };
}
