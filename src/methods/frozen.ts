import type { TensorRecord } from "../data/modality.ts";
import type { Encoder, InitialParams } from "../encoders/encoder.ts";

/** A finished run that a method builds on, such as BEiT's tokenizer. To use its parameters, put them into the memory. */
export interface FrozenRun {
  readonly path: string;
  /** Name and settled options of its method. */
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly encoder: Encoder;
  /** All of its method's parameters, `encoder` included: their moving average if the run kept one. */
  readonly params: InitialParams & { readonly encoder: InitialParams };
}

/** Features that a method may ask a file for: of a whole sample, and of each patch of it. */
export type FileFeatures = "global" | "patches";

/** A finished model of any program that a method learns from: an ONNX file, which is run on each batch ahead of the step. */
export interface FrozenFile {
  readonly path: string;
  /** Width of its features of samples, if it has them. */
  readonly global?: number;
  /** Width of its features of patches, and the patches along each axis, if it has them. */
  readonly patches?: { readonly width: number; readonly grid: readonly number[] };
  /**
   * @param batch the modality's tensors, with the batch in front
   * @returns `[batch, width]`, and of patches `[batch, patches, width]`
   */
  run(batch: TensorRecord, wanted: readonly FileFeatures[]): Promise<TensorRecord>;
}
