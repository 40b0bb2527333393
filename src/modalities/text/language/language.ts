import { Rng } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import type { Source, TokenSequence, Vocabulary } from "../../../data/index.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../../data/vocabulary.ts";
import { sequence } from "../../../encoders/abilities.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import type { Run } from "../../../training/run/run.ts";
import { arrange } from "../../../training/run/settle.ts";
import { tokenModel } from "./token-model.ts";

export interface LanguageOptions {
  readonly run: Run;
  /** Held-out text. */
  readonly data: string;
  /** Text to count the baselines' words in; none without it. */
  readonly train?: string;
  readonly column?: string;
  /** Most samples to look at, drawn at random; all by default. */
  readonly samples?: number;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How well words are told that were not seen. */
export interface LanguageScore {
  /** Share of words told right, in [0, 1]. */
  readonly accuracy: number;
  /** exp of the mean negative log-likelihood of a word. */
  readonly perplexity: number;
}

export interface LanguageEvaluation extends LanguageScore {
  /** `next`: perplexity; `masked`: pseudo-perplexity. */
  readonly kind: "next" | "masked";
  /** Negative log₂-likelihood of all words over the bytes of the text in UTF-8; of a draw, over its share of them. */
  readonly bitsPerByte: number;
  readonly words: number;
  /** Share of the text's tokens that stand for what the vocabulary does not have, in [0, 1]; they are told as others are. */
  readonly unknown: number;
  readonly samples: number;
  /** The commonest word of all, and the commonest after the word before, with add-one smoothing and back-off. */
  readonly unigram?: LanguageScore;
  readonly bigram?: LanguageScore;
}

/** Parts in which the words of a text are masked: about 15 % at a time, as in training. */
const PARTS = 7;
const BATCH = 16;

/**
 * Tells every word of held-out text once. A causal model tells each from those before it. For a masked one the words
 * are masked in seven random parts, one part at a time (Salazar et al. 2019, https://arxiv.org/abs/1910.14659, mask one
 * word at a time, which flatters and costs as many passes as there are words).
 * @throws UserError when the run's method tells no words
 */
export async function evaluateLanguage(options: LanguageOptions): Promise<LanguageEvaluation> {
  const { run, seed = 0 } = options;
  const vocabulary = offerOf(run.modality, vocabularyAbility);
  if (!vocabulary) throw new UserError(`${run.path}: a run on ${run.modality.name}, which has no words`);
  const { texts, bytes } = await opened(options, options.data, async (source, samples) => {
    const drawn = await textsOf(samples, vocabulary, options);
    return { ...drawn, bytes: drawn.share * (await bytesOf(source, vocabulary)) };
  });
  const { train } = options;
  const counts = train
    ? await opened(options, train, async (_, samples) =>
        countWords((await textsOf(samples, vocabulary, { data: train, seed })).texts, vocabulary),
      )
    : undefined;
  const mask = offerOf(run.encoder, sequence)?.causal ? undefined : offerOf(run.modality, maskToken);
  const slots = mask === undefined ? vocabulary.length - 1 : Math.ceil((vocabulary.length - 2) / PARTS);
  const model = await tokenModel(run, { batchSize: BATCH, slots });
  try {
    const asks = texts.flatMap(({ ids, isCut }, index) =>
      mask === undefined
        ? [nextWords(isCut ? ids.subarray(0, -1) : ids)]
        : maskedParts(ids, vocabulary, mask, new Rng(seed).split("parts", index)),
    );
    const own = tally();
    const unigram = tally();
    const bigram = tally();
    for (let start = 0; start < asks.length; start += BATCH) {
      const part = asks.slice(start, start + BATCH);
      const rows = await model.tell(
        part.map(({ shown }) => shown),
        part.map(({ places }) => places),
      );
      part.forEach(({ words, before }, at) => {
        words.forEach((word, slot) => {
          const row = rows[at]![slot]!;
          own.add(row[word]!, largest(row) === word);
          if (!counts) return;
          unigram.add(counts.unigram(word), counts.commonest === word);
          bigram.add(counts.bigram(before[slot]!, word), counts.commonestAfter(before[slot]!) === word);
        });
      });
      options.onProgress?.(start + part.length, asks.length);
    }
    const count = (of: (ids: Int32Array) => number) => texts.reduce((sum, { ids }) => sum + of(ids), 0);
    const unknown = count((ids) => ids.filter((id) => isUnknown(id, vocabulary)).length);
    return {
      kind: mask === undefined ? "next" : "masked",
      ...own.score(),
      bitsPerByte: -own.total() / Math.LN2 / bytes,
      words: own.count(),
      unknown: unknown / count((ids) => ids.length - 2),
      samples: texts.length,
      ...(counts ? { unigram: unigram.score(), bigram: bigram.score() } : {}),
    };
  } finally {
    await model.dispose();
  }
}

type HeldOut = Pick<TokenSequence, "ids" | "isCut">;

/** Words asked for in one pass. */
interface Ask {
  readonly shown: Int32Array;
  readonly places: readonly number[];
  readonly words: readonly number[];
  /** The word in front of each; it is shown, or was. */
  readonly before: readonly number[];
}

function nextWords(ids: Int32Array): Ask {
  const places = [...ids.keys()].slice(0, -1);
  return { shown: ids, places, words: places.map((at) => ids[at + 1]!), before: places.map((at) => ids[at]!) };
}

function maskedParts(ids: Int32Array, vocabulary: Vocabulary<unknown>, mask: number, rng: Rng): Ask[] {
  const inside = [...ids.keys()].filter((at) => !vocabulary.isSpecial(ids[at]!) || isUnknown(ids[at]!, vocabulary));
  const order = [...rng.permutation(inside.length)].map((at) => inside[at]!);
  return Array.from({ length: PARTS }, (_, part) => order.filter((__, at) => at % PARTS === part)).flatMap((places) => {
    if (places.length === 0) return [];
    const shown = ids.slice();
    for (const place of places) shown[place] = mask;
    return [{ shown, places, words: places.map((at) => ids[at]!), before: places.map((at) => ids[at - 1]!) }];
  });
}

/** A word that the vocabulary does not have; a vocabulary of bytes has them all, and its one special token is the end. */
const isUnknown = (id: number, { ids }: Vocabulary<unknown>): boolean => id === ids.unknown && id !== ids.end;

/** Opens data for as long as they are used: as they are read, and as the run would see them. */
async function opened<Out>(
  { run, column }: LanguageOptions,
  data: string,
  use: (source: Source<unknown>, samples: Source<unknown>) => Promise<Out>,
): Promise<Out> {
  const { modalityDefinition: definition, config } = run;
  const source = await definition.open(data, { column });
  let samples: Source<unknown> = source;
  try {
    samples = await arrange(definition, source, config.modality);
    return await use(source, samples);
  } finally {
    if (samples !== source) await samples.close();
    await source.close();
  }
}

/** Texts, all or some, and how large a share of all tokens theirs are. @throws UserError when there is none */
async function textsOf(
  source: Source<unknown>,
  vocabulary: Vocabulary<unknown>,
  { data, samples: most, seed = 0 }: Pick<LanguageOptions, "data" | "samples" | "seed">,
): Promise<{ texts: HeldOut[]; share: number }> {
  const order = new Rng(seed).split("held out").permutation(source.length);
  const texts: HeldOut[] = [];
  let [drawn, all] = [0, 0];
  for (const index of most === undefined ? order.toSorted() : order) {
    const text = await source
      .read(index)
      .then((sample) => vocabulary.tokens(sample))
      .catch(skipBroken);
    const length = (text?.ids.length ?? 0) - 2;
    if (!text || length <= 0) continue;
    all += length;
    if (texts.length === most) continue;
    texts.push(text);
    drawn += length;
  }
  if (texts.length === 0) throw new UserError(`${data}: no text to be judged on`);
  return { texts, share: drawn / all };
}

/** Bytes of what can be read. */
async function bytesOf(source: Source<unknown>, { byteLength }: Vocabulary): Promise<number> {
  let bytes = 0;
  for (let index = 0; index < source.length; index++) {
    const text = await source.read(index).catch(skipBroken);
    if (text !== undefined) bytes += byteLength(text);
  }
  return bytes;
}

/** Sums of log-likelihoods and hits. */
function tally() {
  let [sum, hits, count] = [0, 0, 0];
  return {
    add(logLikelihood: number, hit: boolean): void {
      sum += logLikelihood;
      hits += Number(hit);
      count++;
    },
    total: () => sum,
    count: () => count,
    score: (): LanguageScore => ({ accuracy: hits / count, perplexity: Math.exp(-sum / count) }),
  };
}

const largest = (row: Float32Array): number => {
  let best = 0;
  for (let id = 1; id < row.length; id++) if (row[id]! > row[best]!) best = id;
  return best;
};

/** Counts of words and of pairs, and what they say of a word. */
function countWords(texts: readonly HeldOut[], vocabulary: Vocabulary<unknown>) {
  const single = new Float64Array(vocabulary.size);
  const pairs = new Map<number, Map<number, number>>();
  let total = 0;
  for (const { ids } of texts)
    ids.forEach((id, at) => {
      if (at === 0) return;
      total++;
      single[id]!++;
      const after = pairs.get(ids[at - 1]!) ?? new Map<number, number>();
      pairs.set(ids[at - 1]!, after.set(id, (after.get(id) ?? 0) + 1));
    });
  const words = [...single.keys()].filter((id) => !vocabulary.isSpecial(id));
  const commonest = words.reduce((best, id) => (single[id]! > single[best]! ? id : best), words[0] ?? 0);
  const share = (word: number) => (single[word]! + 1) / (total + vocabulary.size);
  const best = new Map(
    [...pairs].map(([before, after]) => {
      const known = [...after].filter(([id]) => !vocabulary.isSpecial(id)).sort(([, a], [, b]) => b - a);
      return [before, known[0]?.[0] ?? commonest];
    }),
  );
  return {
    commonest,
    commonestAfter: (before: number) => best.get(before) ?? commonest,
    unigram: (word: number) => Math.log(share(word)),
    /** Pairs count as if every word had been seen once more in all, in its own share. */
    bigram(before: number, word: number): number {
      const after = pairs.get(before);
      const seen = after ? [...after.values()].reduce((sum, count) => sum + count, 0) : 0;
      return Math.log(((after?.get(word) ?? 0) + share(word)) / (seen + 1));
    },
  };
}
