import { Rng } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { Source, TokenSequence, Vocabulary } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { openPaths } from "../../data/paths/open.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import { sequence } from "../../encoders/abilities.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import type { Run } from "../../training/run/run.ts";
import { arrange } from "../../training/run/settle.ts";
import { tokenModel } from "./token-model.ts";

export interface LanguageOptions {
  readonly run: Run;
  /** Held-out text. */
  readonly data: Paths;
  /** Text to count the baselines' tokens in; without it there are no baselines. */
  readonly train?: Paths;
  readonly column?: string;
  /** Most samples to evaluate, drawn at random; all by default. */
  readonly samples?: number;
  readonly seed?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How well held-out tokens are predicted. */
export interface LanguageScore {
  /** Share of tokens predicted correctly, in [0, 1]. */
  readonly accuracy: number;
  /** exp of the mean negative log-likelihood of a token. */
  readonly perplexity: number;
}

export interface LanguageEvaluation extends LanguageScore {
  /** `next`: perplexity; `masked`: pseudo-perplexity. */
  readonly kind: "next" | "masked";
  /** Negative log₂-likelihood of all tokens over the text's bytes in UTF-8; for drawn samples, over their share of them. */
  readonly bitsPerByte: number;
  /** Number of predicted tokens. */
  readonly words: number;
  /** Share of the text's tokens that are unknown to the vocabulary, in [0, 1]; they are predicted like all others. */
  readonly unknown: number;
  readonly samples: number;
  /** Baselines: the most frequent token, and the most frequent after the token before, with add-one smoothing and back-off. */
  readonly unigram?: LanguageScore;
  readonly bigram?: LanguageScore;
}

/** Parts in which the tokens of a text are masked: about 15 % at a time, as in training. */
const PARTS = 7;
const BATCH = 16;

/**
 * Predicts every token of held-out text once. A causal model predicts each from those before it. For a masked one the
 * tokens are masked in seven random parts, one part at a time (Salazar et al. 2019, https://arxiv.org/abs/1910.14659, mask
 * one token at a time, which gives better scores and needs as many passes as there are tokens).
 * @throws UserError when the run's method predicts no tokens
 *
 * @example
 * const run = await openRun("runs/notes");
 * const evaluation = await evaluateLanguage({ run, data: "held-out.txt", train: "notes.txt" });
 * console.log(languageTable("runs/notes", evaluation));
 */
export async function evaluateLanguage(options: LanguageOptions): Promise<LanguageEvaluation> {
  const { run, seed = 0 } = options;
  const vocabulary = offerOf(run.modality, vocabularyAbility);
  if (!vocabulary) throw new UserError(`${run.path}: a run on ${run.modality.name}, which has no tokens`);
  const { texts, bytes } = await opened(options, options.data, async (source, samples) => {
    const drawn = await textsOf(samples, vocabulary, options);
    return { ...drawn, bytes: drawn.share * (await bytesOf(source, vocabulary)) };
  });
  const { train } = options;
  const counts = train
    ? await opened(options, train, async (_, samples) =>
        countTokens((await textsOf(samples, vocabulary, { data: train, seed })).texts, vocabulary),
      )
    : undefined;
  const mask = offerOf(run.encoder, sequence)?.causal ? undefined : offerOf(run.modality, maskToken);
  const slots = mask === undefined ? vocabulary.length - 1 : Math.ceil((vocabulary.length - 2) / PARTS);
  const model = await tokenModel(run, { batchSize: BATCH, slots });
  try {
    const passes = texts.flatMap(({ ids, isCut }, index) =>
      mask === undefined
        ? [nextTokens(isCut ? ids.subarray(0, -1) : ids)]
        : maskedParts(ids, vocabulary, mask, new Rng(seed).split("parts", index)),
    );
    const scores = tally();
    const unigram = tally();
    const bigram = tally();
    for (let start = 0; start < passes.length; start += BATCH) {
      const part = passes.slice(start, start + BATCH);
      const rows = await model.predict(
        part.map(({ shown }) => shown),
        part.map(({ places }) => places),
      );
      part.forEach(({ tokens, before }, at) => {
        tokens.forEach((token, slot) => {
          const row = rows[at]![slot]!;
          scores.add(row[token]!, largest(row) === token);
          if (!counts) return;
          unigram.add(counts.unigram(token), counts.mostFrequent === token);
          bigram.add(counts.bigram(before[slot]!, token), counts.mostFrequentAfter(before[slot]!) === token);
        });
      });
      options.onProgress?.(start + part.length, passes.length);
    }
    const count = (of: (ids: Int32Array) => number) => texts.reduce((sum, { ids }) => sum + of(ids), 0);
    const unknown = count((ids) => ids.filter((id) => isUnknown(id, vocabulary)).length);
    return {
      kind: mask === undefined ? "next" : "masked",
      ...scores.score(),
      bitsPerByte: -scores.total() / Math.LN2 / bytes,
      words: scores.count(),
      unknown: unknown / count((ids) => ids.length - 2),
      samples: texts.length,
      ...(counts ? { unigram: unigram.score(), bigram: bigram.score() } : {}),
    };
  } finally {
    await model.dispose();
  }
}

type HeldOut = Pick<TokenSequence, "ids" | "isCut">;

/** Tokens predicted in one pass. */
interface Pass {
  readonly shown: Int32Array;
  readonly places: readonly number[];
  readonly tokens: readonly number[];
  /** The token before each, masked or not. */
  readonly before: readonly number[];
}

function nextTokens(ids: Int32Array): Pass {
  const places = [...ids.keys()].slice(0, -1);
  return { shown: ids, places, tokens: places.map((at) => ids[at + 1]!), before: places.map((at) => ids[at]!) };
}

function maskedParts(ids: Int32Array, vocabulary: Vocabulary<unknown>, mask: number, rng: Rng): Pass[] {
  const inside = [...ids.keys()].filter((at) => !vocabulary.isSpecial(ids[at]!) || isUnknown(ids[at]!, vocabulary));
  const order = [...rng.permutation(inside.length)].map((at) => inside[at]!);
  return Array.from({ length: PARTS }, (_, part) => order.filter((__, at) => at % PARTS === part)).flatMap((places) => {
    if (places.length === 0) return [];
    const shown = ids.slice();
    for (const place of places) shown[place] = mask;
    return [{ shown, places, tokens: places.map((at) => ids[at]!), before: places.map((at) => ids[at - 1]!) }];
  });
}

/** Whether a token is unknown to the vocabulary. A byte-level one knows all; where `unknown` and `end` are one token, it is the end. */
const isUnknown = (id: number, { ids }: Vocabulary<unknown>): boolean => id === ids.unknown && id !== ids.end;

/** Opens data for `use`: as they are read, and as the run would see them. */
async function opened<Out>(
  { run, column }: LanguageOptions,
  data: Paths,
  use: (source: Source<unknown>, samples: Source<unknown>) => Promise<Out>,
): Promise<Out> {
  const { modalityDefinition: definition, config } = run;
  const source = await openPaths(definition, data, { column });
  let samples: Source<unknown> = source;
  try {
    samples = await arrange(definition, source, config.modality);
    return await use(source, samples);
  } finally {
    if (samples !== source) await samples.close();
    await source.close();
  }
}

/** The texts to evaluate and their share of all tokens. @throws UserError when there are none */
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
  if (texts.length === 0) throw new UserError(`${inWords(data)}: no text to evaluate on`);
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

/** Counts of tokens and of pairs, and the predictions they give. */
function countTokens(texts: readonly HeldOut[], vocabulary: Vocabulary<unknown>) {
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
  const ordinary = [...single.keys()].filter((id) => !vocabulary.isSpecial(id));
  const mostFrequent = ordinary.reduce((best, id) => (single[id]! > single[best]! ? id : best), ordinary[0] ?? 0);
  const share = (token: number) => (single[token]! + 1) / (total + vocabulary.size);
  const best = new Map(
    [...pairs].map(([before, after]) => {
      const candidates = [...after].filter(([id]) => !vocabulary.isSpecial(id)).sort(([, a], [, b]) => b - a);
      return [before, candidates[0]?.[0] ?? mostFrequent];
    }),
  );
  return {
    mostFrequent,
    mostFrequentAfter: (before: number) => best.get(before) ?? mostFrequent,
    unigram: (token: number) => Math.log(share(token)),
    /** Backs off to the unigram: pairs count as if one more had been seen, spread by the tokens' shares. */
    bigram(before: number, token: number): number {
      const after = pairs.get(before);
      const seen = after ? [...after.values()].reduce((sum, count) => sum + count, 0) : 0;
      return Math.log(((after?.get(token) ?? 0) + share(token)) / (seen + 1));
    },
  };
}
