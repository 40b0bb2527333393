import type { Tensor } from "../../array/index.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";

/** How one encoder is written in Hugging Face's terms. */
export interface HuggingFaceLayout {
  /** `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Parameters under the names of the Python class. */
  tensors(params: InitialParams): [name: string, tensor: Tensor][];
  /** What a reader of the model card should know about the names. */
  readonly note: string;
}

export type LayoutOf = (encoder: Encoder) => HuggingFaceLayout;
