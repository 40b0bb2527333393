import type { Tensor } from "../array/tensor.ts";
import { ability } from "./ability.ts";

/** A small picture as RGB bytes, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** How what the encoder reads is drawn: views, masks, reconstructions. */
export interface Drawing {
  /** The input that is drawn, by its name among the modality's tensors. */
  readonly input: string;
  /** @param values the input of one sample, or of a part of it: the same axes, other extents. Nothing if it is none. */
  draw(values: Tensor): Picture | undefined;
}

export const drawing = ability<Drawing>()("drawing", "what the encoder reads can be drawn");
