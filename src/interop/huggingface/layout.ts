import type { Tensor } from "../../array/index.ts";
import type { LinearHead } from "../../data/answers.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";

/** An encoder in Hugging Face's format. */
export interface HuggingFaceLayout {
  /** `config.json`, without the class. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The Python class. */
  readonly model: string;
  /** The class with a classifier on top, and its prefix for the encoder's names. */
  readonly classifier: {
    readonly model: string;
    readonly prefix: string;
    /** The linear layer's name; where the class has more layers than that, `tensors` gives all of them. */
    readonly layer: string;
    tensors?(head: LinearHead): readonly (readonly [name: string, tensor: Tensor])[];
  };
  /** Parameters under the names of the Python class. */
  tensors(params: InitialParams): [name: string, tensor: Tensor][];
  /** A note on the names for the model card. @param model the class that they belong to */
  note(model: string): string;
}

/** Undefined where Hugging Face has no such encoder: its ViT needs square images and patches. */
export type LayoutOf = (encoder: Encoder) => HuggingFaceLayout | undefined;
