import type { Tensor } from "../array/tensor.ts";
import { ability } from "./ability.ts";

/** A small RGB picture for people to look at, row-major bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** How the encoder's input is drawn: views, masks, reconstructions. */
export interface Drawing {
  /** Name of the input tensor that is drawn. */
  readonly input: string;
  /** @param values the input of one sample, or of a part of it: the same axes, other extents. @returns undefined if it cannot be drawn */
  draw(values: Tensor): Picture | undefined;
}

export const drawing = ability<Drawing>()("drawing", "inputs that can be drawn as pictures");
