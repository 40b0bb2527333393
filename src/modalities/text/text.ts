/** A text as it was read, in NFC; or as tokens already, where a corpus was cut into windows. */
export type Text = WrittenText | TokenizedText;

export interface WrittenText {
  readonly text: string;
}

export interface TokenizedText {
  /** Without the special tokens around a text. */
  readonly ids: Int32Array;
  /** Positions in `ids` at which sentences start, ascending. */
  readonly sentences: Int32Array;
  /** The text goes on behind these tokens. */
  readonly isCut?: boolean;
}

export const isTokenized = (sample: Text): sample is TokenizedText => "ids" in sample;
