import { Rng } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { TensorRecord } from "../../data/modality.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Run } from "../../training/run/run.ts";
import { type TokenModel, tokenModel } from "./token-model.ts";

export interface CompleteOptions {
  readonly run: Run;
  /** A text with masks for a masked model, the beginning of a text for a causal one. */
  readonly text: string;
  /** Candidates for each mask; 5 by default. */
  readonly top?: number;
  /** Most tokens that a causal model writes; 40 by default. */
  readonly tokens?: number;
  /** 1, the default: the model's probabilities; 0: always the most likely token. */
  readonly temperature?: number;
  /** Number of most likely tokens to draw from; 50 by default, 0 for all. */
  readonly topK?: number;
  readonly seed?: number;
  /** What else the encoder reads, of a run whose texts belong to something: the tensors of a picture. */
  readonly given?: TensorRecord;
}

/** A candidate for a mask. */
export interface TokenPrediction {
  readonly token: string;
  readonly probability: number;
}

export interface Completion {
  /** For each mask, from left to right, the most likely tokens; masked models only. */
  readonly masks?: readonly (readonly TokenPrediction[])[];
  /** The text with the most likely token in place of each mask, or continued. */
  readonly text: string;
}

/**
 * Fills the masks of a text, or continues it.
 * @throws UserError when the model predicts no tokens, when there is no mask to fill, or when the text is too long
 *
 * @example
 * const run = await openRun("runs/notes");
 * const { masks } = await complete({ run, text: "the [MASK] sat", top: 3 });
 * console.log(masks?.[0]);
 */
export async function complete(options: CompleteOptions): Promise<Completion> {
  const { run, text } = options;
  const vocabulary = offerOf(run.modality, vocabularyAbility);
  const mask = offerOf(run.modality, maskToken);
  if (!vocabulary) throw new UserError(`${run.path}: a run on ${run.modality.name}, which has no tokens`);
  const content = vocabulary.parse(text);
  const room = vocabulary.length - 2;
  if (content.length > room)
    throw new UserError(`the text has ${content.length} tokens; this model reads ${room} at most`);
  const slots = Math.max(1, [...content].filter((id) => id === mask).length);
  const model = await tokenModel(run, { slots, ...(options.given ? { given: options.given } : {}) });
  try {
    if (model.maskToken === undefined)
      return { text: await continueText(model, [vocabulary.ids.begin, ...content], options) };
    return await fillMasks(model, model.maskToken, content, options);
  } finally {
    await model.dispose();
  }
}

async function fillMasks(
  { vocabulary, predict }: TokenModel,
  mask: number,
  content: Int32Array,
  options: CompleteOptions,
): Promise<Completion> {
  const { begin, end } = vocabulary.ids;
  const ids = [begin, ...content, end];
  const places = [...ids.keys()].filter((place) => ids[place] === mask);
  if (places.length === 0)
    throw new UserError(`there is nothing to fill in; put ${vocabulary.token(mask)} in place of a missing word`);
  const [rows = []] = await predict([ids], [places]);
  const masks = rows.map((row) => {
    const ordinary = [...row.keys()].filter((id) => !vocabulary.isSpecial(id));
    const best = ordinary.sort((a, b) => row[b]! - row[a]!).slice(0, options.top ?? 5);
    return best.map((id) => ({ id, token: vocabulary.token(id), probability: Math.exp(row[id]!) }));
  });
  masks.forEach(([first], at) => {
    if (first) ids[places[at]!] = first.id;
  });
  return {
    masks: masks.map((candidates) => candidates.map(({ token, probability }) => ({ token, probability }))),
    text: vocabulary.decode(ids),
  };
}

async function continueText(
  { vocabulary, predict }: TokenModel,
  start: readonly number[],
  options: CompleteOptions,
): Promise<string> {
  const { tokens = 40, temperature = 1, topK = 50, seed = 0 } = options;
  const rng = new Rng(seed).split("complete");
  const { length, ids } = vocabulary;
  const written = [...start];
  for (let step = 0; step < tokens; step++) {
    // The context keeps the first token and the latest ones, at most length − 2: predictions at the last two places were
    // trained only on texts that end there.
    const context = written.length <= length - 2 ? written : [written[0]!, ...written.slice(3 - length)];
    const [[row] = []] = await predict([context], [[context.length - 1]]);
    if (!row) throw new Error("the model predicted nothing");
    const next = draw(row, (id) => id === ids.end || !vocabulary.isSpecial(id), { temperature, topK, rng });
    if (next === ids.end) break;
    written.push(next);
  }
  return vocabulary.decode(written);
}

/** Draws an id by its probability. @param row log-probabilities */
export function draw(
  row: Float32Array,
  allowed: (id: number) => boolean,
  { temperature, topK, rng }: { readonly temperature: number; readonly topK: number; readonly rng: Rng },
): number {
  const candidates = [...row.keys()].filter(allowed).sort((a, b) => row[b]! - row[a]!);
  const kept = topK > 0 ? candidates.slice(0, topK) : candidates;
  const [best] = kept;
  if (best === undefined) throw new Error("no token to choose from");
  if (temperature === 0) return best;
  const weights = kept.map((id) => Math.exp((row[id]! - row[best]!) / temperature));
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return kept[at]!;
  }
  return best;
}
