import { type Array, float32, int32, np, type Rng, type Tensor } from "../../array/index.ts";
import type { TokenSequence, VocabularySpec } from "../../data/vocabulary.ts";
import { accuracy, crossEntropy } from "../../objectives/supervised/cross-entropy.ts";
import { rowsAt } from "./tokens.ts";

interface MaskableVocabulary extends VocabularySpec {
  isSpecial(id: number): boolean;
}

/** A corrupted sequence, and the tokens to predict: `slots` of them, with weight 0 for unused slots. */
export interface MaskedTokens {
  /** The whole sequence, corrupted. */
  readonly ids: Int32Array;
  readonly targets: {
    /** Positions in the sequence, int32 `[slots]`. */
    readonly places: Tensor;
    /** The original tokens, int32 `[slots]`. */
    readonly tokens: Tensor;
    /** float32 `[slots]`, 1 or 0. */
    readonly weights: Tensor;
  };
}

export interface MaskOptions {
  /** Share of the tokens to predict. */
  readonly ratio: number;
  /** Most tokens to predict in a sequence; the loss costs as much for every sequence. */
  readonly slots: number;
  /** Predict all tokens of a word or none. */
  readonly wholeWords: boolean;
  /** Shares of the targets that become the mask `token` and a random token; the others stay. By default all stay. */
  readonly corruption?: { readonly token: number; readonly mask: number; readonly random: number };
}

/** BERT's corruption: 80 % of the targets become the mask token, 10 % a random token, 10 % stay. */
export const BERT_CORRUPTION = { mask: 0.8, random: 0.1 } as const;

/** The most tokens that may have to be predicted in a sequence of this length. */
export const slotsFor = (length: number, ratio: number): number => Math.max(1, Math.ceil((length - 2) * ratio));

/** Chooses tokens to predict and corrupts them, as BERT's `create_masked_lm_predictions`. */
export function maskTokens(
  sequence: Pick<TokenSequence, "ids" | "wordStarts">,
  vocabulary: MaskableVocabulary,
  rng: Rng,
  options: MaskOptions,
): MaskedTokens {
  const { ratio, slots, wholeWords, corruption } = options;
  const ids = Int32Array.from(sequence.ids);
  /** Places that are masked together: those of a word, or single ones. */
  const units: number[][] = [];
  ids.forEach((id, place) => {
    if (vocabulary.isSpecial(id)) return;
    const last = units.at(-1);
    // A token continues the word before it only if no special token is between them.
    const continues = wholeWords && !sequence.wordStarts[place] && last?.at(-1) === place - 1;
    if (continues) last.push(place);
    else units.push([place]);
  });
  const count = units.reduce((sum, unit) => sum + unit.length, 0);
  const budget = count === 0 ? 0 : Math.min(slots, Math.max(1, Math.round(count * ratio)));
  const places: number[] = [];
  for (const which of rng.permutation(units.length)) {
    const unit = units[which]!;
    if (places.length + unit.length <= budget) places.push(...unit);
    if (places.length === budget) break;
  }
  places.sort((a, b) => a - b);
  const tokens = places.map((place) => ids[place]!);
  if (corruption)
    for (const place of places) {
      const draw = rng.uniform();
      if (draw < corruption.mask) ids[place] = corruption.token;
      else if (draw < corruption.mask + corruption.random) ids[place] = randomToken(vocabulary, rng);
    }
  const padded = (values: readonly number[]) => Int32Array.from({ length: slots }, (_, index) => values[index] ?? 0);
  return {
    ids,
    targets: {
      places: int32(padded(places), [slots]),
      tokens: int32(padded(tokens), [slots]),
      weights: float32(Float32Array.from(padded(places.map(() => 1))), [slots]),
    },
  };
}

function randomToken(vocabulary: MaskableVocabulary, rng: Rng): number {
  for (;;) {
    const id = rng.integer(0, vocabulary.size - 1);
    if (!vocabulary.isSpecial(id)) return id;
  }
}

/** The rows of `hidden` `[batch, length, width]` at `places` `[batch, slots]`. @returns `[batch × slots, width]` */
export const rowsOfTokens = (hidden: Array, places: Array): Array =>
  np.reshape(rowsAt(hidden, places), [-1, hidden.shape[2]!]);

/**
 * Loss and accuracy of predicted tokens.
 * @param logits `[batch × slots, vocabulary]`
 * @param targets `tokens` and `weights`, `[batch, slots]` each
 * @returns cross-entropy, and the share of correct predictions, over the slots in use
 */
export function maskedTokenLoss(logits: Array, targets: { readonly tokens: Array; readonly weights: Array }) {
  const [tokens, weights] = [np.reshape(targets.tokens, [-1]), np.reshape(targets.weights, [-1])];
  return { loss: crossEntropy(logits, tokens, { weights }), accuracy: accuracy(logits, tokens, { weights }) };
}
