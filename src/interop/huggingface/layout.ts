import type { Tensor } from "../../array/index.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";

/** How one encoder is written in Hugging Face's terms. */
export interface HuggingFaceLayout {
  /** `config.json`, but for the class. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The Python class. */
  readonly model: string;
  /** The class with a classifier on top, what it puts in front of the encoder's names, and the layer's own name. */
  readonly classifier: { readonly model: string; readonly prefix: string; readonly layer: string };
  /** Parameters under the names of the Python class. */
  tensors(params: InitialParams): [name: string, tensor: Tensor][];
  /** What a reader of the model card should know about the names. @param model the class that they are of */
  note(model: string): string;
}

/** Nothing where Hugging Face has no such encoder: its ViT reads squares in square patches. */
export type LayoutOf = (encoder: Encoder) => HuggingFaceLayout | undefined;
