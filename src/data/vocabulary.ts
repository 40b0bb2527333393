import type { Tensor } from "../array/tensor.ts";
import { ability } from "./ability.ts";
import type { Sample } from "./views.ts";

/** What a model must know of a vocabulary before it sees a sequence. */
export interface VocabularySpec {
  /** Ids run from 0 to `size` − 1. */
  readonly size: number;
  /** Most tokens of a sample, `begin` and `end` included; every tensor has this length. */
  readonly length: number;
  readonly ids: {
    readonly pad: number;
    readonly unknown: number;
    /** First token of every sample: BERT's `[CLS]`, RoBERTa's `<s>`. */
    readonly begin: number;
    /** Last token of every sample, and what stands between two segments: BERT's `[SEP]`, RoBERTa's `</s>`. */
    readonly end: number;
  };
}

/** A sequence as a model sees it, not padded. */
export interface TokenSequence {
  /** `begin`, the content (at most `length` − 2 tokens), `end`. */
  readonly ids: Int32Array;
  /** For each token 1 where a word starts; 0 inside of words and for special tokens. */
  readonly wordStarts: Uint8Array;
  /** Positions in `ids` at which sentences start, ascending; the first is 1. Empty for an empty text. */
  readonly sentences: Int32Array;
  /** The first of these sentences began in front of what is here. */
  readonly startsInside: boolean;
  /** The text goes on behind what is here, and `end` is not its end. */
  readonly isCut: boolean;
}

/** Turns samples into discrete tokens and back (BERT, ELECTRA, BART, causal language models). */
export interface Vocabulary<S = Sample> extends VocabularySpec {
  /** Ids that stand for no content: never masked, never drawn. */
  isSpecial(id: number): boolean;
  tokens(sample: S): TokenSequence;
  /** Ids of all of the sample's tokens without `begin` and `end`, also of those behind what the encoder reads. */
  allTokens(sample: S): Int32Array;
  /** Bytes of the sample written in UTF-8: what bits per byte are counted over. */
  byteLength(sample: S): number;
  /**
   * Padded (or cut, keeping the last token) to `length`: `ids` int32 `[length]`, `mask` int32 `[length]` (1: a token,
   * 0: padding), as the encoder reads them.
   */
  encode(ids: ArrayLike<number>): { readonly ids: Tensor; readonly mask: Tensor };
  /** The ids of a piece of text, without `begin` and `end`; `[MASK]` and the like in it are the special tokens. */
  parse(text: string): Int32Array;
  /** The text of ids, special tokens left out. */
  decode(ids: ArrayLike<number>): string;
  /** One id as it stands in the vocabulary: `##ing`, `Ġthe`, `[MASK]`. */
  token(id: number): string;
}

/** The sample as a sequence of discrete tokens; `tensors` is then `encode(tokens(sample).ids)`. */
export const vocabulary = ability<Vocabulary>()("vocabulary", "samples that are sequences of discrete tokens");

/** Id of the token that stands for a hidden one: BERT's `[MASK]`. Tokenizers of models that write, as GPT-2's, have none. */
export const maskToken = ability<number>()("maskToken", "a token that stands for a hidden one ([MASK] or <mask>)");
