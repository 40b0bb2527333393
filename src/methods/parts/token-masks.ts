import { type Array, float32, int32, np, type Rng, type Tensor } from "../../array/index.ts";
import type { TokenSequence, VocabularySpec } from "../../data/vocabulary.ts";
import { accuracy, crossEntropy } from "../../objectives/cross-entropy.ts";
import { rowsAt } from "./tokens.ts";

interface Words extends VocabularySpec {
  isSpecial(id: number): boolean;
}

/** Places of a sequence whose words are to be told; `slots` of them, the unused ones with weight 0. */
export interface MaskedTokens {
  /** The whole sequence with its words replaced. */
  readonly ids: Int32Array;
  readonly asked: {
    /** int32 `[slots]`. */
    readonly places: Tensor;
    /** int32 `[slots]`, the words that stood there. */
    readonly words: Tensor;
    /** float32 `[slots]`, 1 or 0. */
    readonly weights: Tensor;
  };
}

export interface MaskOptions {
  /** Share of the words that is asked for. */
  readonly ratio: number;
  /** Most places asked for in a sequence; the loss pays for all of them. */
  readonly slots: number;
  /** Ask for all tokens of a word or for none. */
  readonly wholeWords: boolean;
  /** Of the places asked for, the shares that show the mask, `token`, and a random word; the others, or all, keep theirs. */
  readonly shown?: { readonly token: number; readonly mask: number; readonly random: number };
}

/** BERT's: of the words asked for, 80 % show the mask, 10 % a random word and 10 % themselves. */
export const BERT_CORRUPTION = { mask: 0.8, random: 0.1 } as const;

/** How many places a sequence of that length may be asked for. */
export const slotsFor = (length: number, ratio: number): number => Math.max(1, Math.ceil((length - 2) * ratio));

/** Chooses places and what stands there instead, as BERT's `create_masked_lm_predictions`. */
export function maskTokens(
  sequence: Pick<TokenSequence, "ids" | "wordStarts">,
  vocabulary: Words,
  rng: Rng,
  options: MaskOptions,
): MaskedTokens {
  const { ratio, slots, wholeWords, shown } = options;
  const ids = Int32Array.from(sequence.ids);
  const units: number[][] = [];
  ids.forEach((id, place) => {
    if (vocabulary.isSpecial(id)) return;
    const last = units.at(-1);
    // A piece belongs to the word before it only if nothing special stands between.
    const continues = wholeWords && !sequence.wordStarts[place] && last?.at(-1) === place - 1;
    if (continues) last.push(place);
    else units.push([place]);
  });
  const count = units.reduce((sum, unit) => sum + unit.length, 0);
  const wanted = count === 0 ? 0 : Math.min(slots, Math.max(1, Math.round(count * ratio)));
  const places: number[] = [];
  for (const which of rng.permutation(units.length)) {
    const unit = units[which]!;
    if (places.length + unit.length <= wanted) places.push(...unit);
    if (places.length === wanted) break;
  }
  places.sort((a, b) => a - b);
  const words = places.map((place) => ids[place]!);
  if (shown)
    for (const place of places) {
      const draw = rng.uniform();
      if (draw < shown.mask) ids[place] = shown.token;
      else if (draw < shown.mask + shown.random) ids[place] = randomWord(vocabulary, rng);
    }
  const padded = (values: readonly number[]) => Int32Array.from({ length: slots }, (_, index) => values[index] ?? 0);
  return {
    ids,
    asked: {
      places: int32(padded(places), [slots]),
      words: int32(padded(words), [slots]),
      weights: float32(Float32Array.from(padded(places.map(() => 1))), [slots]),
    },
  };
}

function randomWord(vocabulary: Words, rng: Rng): number {
  for (;;) {
    const id = rng.integer(0, vocabulary.size - 1);
    if (!vocabulary.isSpecial(id)) return id;
  }
}

/** A masked word's place in what the encoder makes of the text. @returns `[batch × slots, width]` */
export const rowsOfTokens = (hidden: Array, places: Array): Array =>
  np.reshape(rowsAt(hidden, places), [-1, hidden.shape[2]!]);

/**
 * How well the words that were asked for are told.
 * @param logits `[batch × slots, vocabulary]`
 * @returns cross-entropy and share of right words, over the slots in use
 */
export function maskedTokenLoss(logits: Array, asked: { readonly words: Array; readonly weights: Array }) {
  const [words, weights] = [np.reshape(asked.words, [-1]), np.reshape(asked.weights, [-1])];
  return { loss: crossEntropy(logits, words, { weights }), accuracy: accuracy(logits, words, { weights }) };
}
