import type { Modality, ModalityDefinition } from "../../data/index.ts";
import type { Encoder } from "../../encoders/index.ts";
import type { MethodDefinition } from "../../methods/index.ts";

/** The three things that a run is made of, built from its configuration. */
export interface Parts {
  readonly modalityDefinition: ModalityDefinition;
  readonly modalityOptions: Readonly<Record<string, unknown>>;
  readonly modality: Modality<unknown>;
  readonly encoder: Encoder;
  readonly methodDefinition: MethodDefinition;
}
