import type { VocabularySpec } from "../../../data/vocabulary.ts";
import type { Encoder, InitialParams } from "../../../encoders/encoder.ts";
import type { ExportedHead, Layout } from "../../../interop/publisher.ts";

/** A text model to be written. */
export interface LanguageFacts {
  readonly encoder: Encoder;
  readonly ids: VocabularySpec["ids"];
  /** All of the method's parameters: `encoder` and, if it predicts tokens, its head. */
  readonly params: InitialParams;
  /** Whether the model predicts tokens, or is only an encoder. */
  readonly predictsTokens: boolean;
  /** The head, if it was trained with labels. */
  readonly head?: ExportedHead | undefined;
}

/** Hugging Face's layout of a text Transformer. */
export interface LanguageLayout extends Layout {
  readonly config: Readonly<Record<string, unknown>>;
}
