import type { Tensor } from "../../array/index.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";
import type { VocabularySpec } from "../../modalities/index.ts";
import { bertLayout } from "./bert.ts";
import { gpt2Layout } from "./gpt2.ts";

/** What is known of a model of text beside its encoder. */
export interface LanguageFacts {
  readonly encoder: Encoder;
  readonly ids: VocabularySpec["ids"];
  /** All of the method's parameters: `encoder`, and where it tells words, its head. */
  readonly params: InitialParams;
  /** Whether the model tells words, or is an encoder only. */
  readonly tellsWords: boolean;
}

/** How a Transformer over words is written in Hugging Face's terms. */
export interface LanguageLayout {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [name: string, tensor: Tensor])[];
  readonly note: string;
}

/** BERT's or GPT-2's layout; undefined where neither has such an encoder (rotary positions). */
export function languageLayout(facts: LanguageFacts): LanguageLayout | undefined {
  const { norm, positions, causal } = facts.encoder.hyperparameters;
  if (positions !== "learned") return undefined;
  if (norm === "post" && causal === "false") return bertLayout(facts);
  if (norm === "pre" && causal === "true") return gpt2Layout(facts);
  return undefined;
}
