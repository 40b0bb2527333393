/** What sets one kind of tokenizer apart; parts of `tokenizer.json` in Hugging Face's terms. */
export interface Recipe {
  /** Special tokens by what they stand for, in the order of their ids. */
  readonly special: Readonly<Record<"pad" | "unknown" | "begin" | "end" | "mask", string>>;
  /** Whether words of more than 100 characters are unknown as a whole, or as good as others. */
  readonly longWords: "skip" | "cut";
  pipeline(lowercase: boolean): { normalizer: object; pre_tokenizer: object; decoder: object };
  /** Symbols that words are made of before anything is merged. */
  alphabet(words: ReadonlyMap<string, number>, size: number): readonly string[];
  symbols(word: string): readonly string[];
  join(left: string, right: string): string;
  model(vocabulary: Readonly<Record<string, number>>, merges: readonly (readonly [string, string])[]): object;
}
