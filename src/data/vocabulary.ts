import type { Rng } from "../array/rng.ts";
import type { Tensor } from "../array/tensor.ts";
import { ability } from "./ability.ts";
import type { Sample } from "./views.ts";

/** The name of the vocabulary's file in a run folder, as Hugging Face has it. */
export const TOKENIZER_FILE = "tokenizer.json";

/** The properties of a vocabulary that models are built for. */
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
    /** Last token of every sample, and separator between two segments: BERT's `[SEP]`, RoBERTa's `</s>`. */
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
  /** Whether the first of these sentences began before this sequence. */
  readonly startsInside: boolean;
  /** Whether the text continues after this sequence. */
  readonly isCut: boolean;
}

/** Turns samples into discrete tokens and back (BERT, ELECTRA, BART, causal language models). */
export interface Vocabulary<S = Sample> extends VocabularySpec {
  /** Ids without content, or so rare that they are no targets: never masked, never sampled. */
  isSpecial(id: number): boolean;
  /**
   * The sample as the encoder sees it.
   * @param rng in training: of a sample that is too long, some kinds of data then take another part in every epoch
   */
  tokens(sample: S, rng?: Rng): TokenSequence;
  /** Ids of all of the sample's tokens without `begin` and `end`, including those beyond the encoder's length. */
  allTokens(sample: S): Int32Array;
  /** Length of the sample in UTF-8 bytes, for bits per byte. */
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
  /** The vocabulary's entry for an id: `##ing`, `Ġthe`, `[MASK]`. */
  token(id: number): string;
}

/** The sample as a sequence of discrete tokens; `tensors` is then `encode(tokens(sample).ids)`. */
export const vocabulary = ability<Vocabulary>()("vocabulary", "samples that are sequences of discrete tokens");

/** Id of the mask token: BERT's `[MASK]`. Tokenizers of generative models such as GPT-2 have none. */
export const maskToken = ability<number>()("maskToken", "a mask token ([MASK] or <mask>)");

/** Offers that are functions, written as methods so that a kind's own sample type fits. */
interface Paraphrases {
  paraphrase(sample: Sample, rng: Rng): TokenSequence;
}

/** The same sample in other tokens: another SMILES of a molecule. BART then restores the usual ones. */
export const paraphrase = ability<Paraphrases["paraphrase"]>()(
  "paraphrase",
  "the same sample written with other tokens",
);
