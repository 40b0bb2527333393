import { Rng } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../../data/vocabulary.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { Run } from "../../../training/run/run.ts";
import { type TokenModel, tokenModel } from "./token-model.ts";

export interface CompleteOptions {
  readonly run: Run;
  /** For a masked model a text with masks in it, for a causal one the beginning of a text. */
  readonly text: string;
  /** Guesses for each mask. */
  readonly top?: number;
  /** Most tokens that a causal model writes. */
  readonly tokens?: number;
  /** Sharpness of the choice: 1 as the model has it, towards 0 always the likeliest. */
  readonly temperature?: number;
  /** Words that are chosen among at each place; 0 for all. */
  readonly topK?: number;
  readonly seed?: number;
}

export interface Guess {
  readonly token: string;
  readonly probability: number;
}

export interface Completion {
  /** For each mask, from left to right, the likeliest words; masked models only. */
  readonly masks?: readonly (readonly Guess[])[];
  /** The text with the likeliest word in each mask's place, or continued. */
  readonly text: string;
}

/**
 * Fills the masks of a text, or goes on with it.
 * @throws UserError when the model tells no words, when there is no mask to fill, or the text is too long
 */
export async function complete(options: CompleteOptions): Promise<Completion> {
  const { run, text } = options;
  const vocabulary = offerOf(run.modality, vocabularyAbility);
  const mask = offerOf(run.modality, maskToken);
  if (!vocabulary) throw new UserError(`${run.path}: a run on ${run.modality.name}, which has no words`);
  const content = vocabulary.parse(text);
  const room = vocabulary.length - 2;
  if (content.length > room)
    throw new UserError(`the text has ${content.length} tokens; this model reads ${room} at most`);
  const slots = Math.max(1, [...content].filter((id) => id === mask).length);
  const model = await tokenModel(run, { slots });
  try {
    if (model.maskToken === undefined)
      return { text: await continued(model, [vocabulary.ids.begin, ...content], options) };
    return await filled(model, model.maskToken, content, options);
  } finally {
    await model.dispose();
  }
}

async function filled(
  { vocabulary, tell }: TokenModel,
  mask: number,
  content: Int32Array,
  options: CompleteOptions,
): Promise<Completion> {
  const { begin, end } = vocabulary.ids;
  const ids = [begin, ...content, end];
  const places = [...ids.keys()].filter((place) => ids[place] === mask);
  if (places.length === 0)
    throw new UserError(`there is nothing to fill in; put ${vocabulary.token(mask)} where a word is missing`);
  const [rows = []] = await tell([ids], [places]);
  const masks = rows.map((row) => {
    const known = [...row.keys()].filter((id) => !vocabulary.isSpecial(id));
    const best = known.sort((a, b) => row[b]! - row[a]!).slice(0, options.top ?? 5);
    return best.map((id) => ({ id, token: vocabulary.token(id), probability: Math.exp(row[id]!) }));
  });
  masks.forEach(([first], at) => {
    if (first) ids[places[at]!] = first.id;
  });
  return {
    masks: masks.map((guesses) => guesses.map(({ token, probability }) => ({ token, probability }))),
    text: vocabulary.decode(ids),
  };
}

async function continued(
  { vocabulary, tell }: TokenModel,
  start: readonly number[],
  options: CompleteOptions,
): Promise<string> {
  const { tokens = 40, temperature = 1, topK = 50, seed = 0 } = options;
  const rng = new Rng(seed).split("complete");
  const { length, ids } = vocabulary;
  const written = [...start];
  for (let step = 0; step < tokens; step++) {
    // The oldest words are forgotten when there is no more room; the first token stays. What comes behind the last two
    // places of a sample is told of texts that end there, and of no others.
    const seen = written.length <= length - 2 ? written : [written[0]!, ...written.slice(3 - length)];
    const [[row] = []] = await tell([seen], [[seen.length - 1]]);
    if (!row) throw new Error("the model told nothing");
    const next = draw(row, (id) => id === ids.end || !vocabulary.isSpecial(id), { temperature, topK, rng });
    if (next === ids.end) break;
    written.push(next);
  }
  return vocabulary.decode(written);
}

/** One id by its probability. @param row logarithms of probabilities */
export function draw(
  row: Float32Array,
  allowed: (id: number) => boolean,
  { temperature, topK, rng }: { readonly temperature: number; readonly topK: number; readonly rng: Rng },
): number {
  const known = [...row.keys()].filter(allowed).sort((a, b) => row[b]! - row[a]!);
  const kept = topK > 0 ? known.slice(0, topK) : known;
  const [best] = kept;
  if (best === undefined) throw new Error("no word to choose");
  if (temperature === 0) return best;
  const weights = kept.map((id) => Math.exp((row[id]! - row[best]!) / temperature));
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return kept[at]!;
  }
  return best;
}
