import type { VocabularySpec } from "../../../data/vocabulary.ts";
import type { Encoder, InitialParams } from "../../../encoders/encoder.ts";
import type { ExportedHead, Layout } from "../../../interop/publisher.ts";

/** What is known of a model of text beside its encoder. */
export interface LanguageFacts {
  readonly encoder: Encoder;
  readonly ids: VocabularySpec["ids"];
  /** All of the method's parameters: `encoder`, and where it tells words, its head. */
  readonly params: InitialParams;
  /** Whether the model tells words, or is an encoder only. */
  readonly predictsTokens: boolean;
  /** What it answers, where it has learned from labels. */
  readonly head?: ExportedHead | undefined;
}

/** How a Transformer over tokens is written in Hugging Face's terms. */
export interface LanguageLayout extends Layout {
  readonly config: Readonly<Record<string, unknown>>;
}
