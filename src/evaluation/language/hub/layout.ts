import type { VocabularySpec } from "../../../data/vocabulary.ts";
import type { Encoder, InitialParams } from "../../../encoders/encoder.ts";
import type { ExportedHead, Layout } from "../../../interop/publisher.ts";

/**
 * Whether an encoder `transformer` has the parts of the first Transformers, and no newer ones (ModernBERT's): biases, layers
 * without gates, attention to everything, the usual frequencies of rotary positions. GELU may be approximate.
 */
export const isClassic = ({ hyperparameters }: Encoder): boolean =>
  hyperparameters.mlp !== "geglu" &&
  ["biases", "embeddingNorm", "localWindow", "rotaryBase"].every((name) => hyperparameters[name] === undefined);

/** GELU's name in a `config.json`: exact, or GPT-2's approximation. */
export const activationOf = ({ hyperparameters }: Encoder): "gelu" | "gelu_new" =>
  hyperparameters.mlp === "gelu-tanh" ? "gelu_new" : "gelu";

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
