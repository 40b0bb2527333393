import { type Tensor, tree } from "../../array/index.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";
import type { VocabularySpec } from "../../modalities/index.ts";
import { bertLayout } from "./bert.ts";
import type { ExportedHead } from "./classifier.ts";
import { gpt2Layout } from "./gpt2.ts";

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
 * BERT's or GPT-2's layout; undefined where neither has such an encoder (rotary positions). With a head it is BERT's or our
 * own: of text-classification transformers.js knows nothing that is GPT-2's.
 */
export function languageLayout(facts: LanguageFacts): LanguageLayout | undefined {
  const { norm, positions, causal } = facts.encoder.hyperparameters;
  const { head } = facts;
  const isBert = positions === "learned" && norm === "post" && causal === "false";
  if (head && !(isBert && head.linear))
    return {
      config: { model_type: "bert" },
      tensors: tree.entries<Tensor>(facts.params),
      note: "`model.safetensors` has Autodidact's own names, for no Python class has such an encoder; `config.json` calls it BERT so that transformers.js finds its text-classification. Use the ONNX file.",
    };
  if (positions !== "learned") return undefined;
  if (isBert) return bertLayout(facts);
  if (norm === "pre" && causal === "true") return gpt2Layout(facts);
  return undefined;
}
