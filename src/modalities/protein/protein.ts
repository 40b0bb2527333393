import type { Tokenized } from "../../data/tokens/listed.ts";

/** A protein as it was read, or a part of one as tokens: a view. */
export type Protein = WrittenProtein | Tokenized;

export interface WrittenProtein {
  /** One letter each, in upper case. */
  readonly residues: string;
  /** Its header's first word; empty if it has none. */
  readonly name: string;
}

export const isTokenized = (sample: Protein): sample is Tokenized => "ids" in sample;
