/** A text as it was read, in NFC, or as tokens, if a corpus was cut into windows. */
export type Text = WrittenText | TokenizedText;

export interface WrittenText {
  readonly text: string;
}

export interface TokenizedText {
  /** Token ids, without `begin` and `end`. */
  readonly ids: Int32Array;
  /** Positions in `ids` at which sentences start, ascending. */
  readonly sentences: Int32Array;
  /** The text continues after these tokens. */
  readonly isCut?: boolean;
}

export const isTokenized = (sample: Text): sample is TokenizedText => "ids" in sample;
