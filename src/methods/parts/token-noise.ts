import type { Rng } from "../../array/rng.ts";
import type { TokenSequence } from "../../data/vocabulary.ts";

/** The sentences in random order, between the first and the last token, which stay. */
export function permuteSentences(sequence: TokenSequence, rng: Rng): TokenSequence {
  const { ids, wordStarts, sentences } = sequence;
  const last = ids.length - 1;
  if (sentences.length < 2) return sequence;
  const spans = [...sentences].map((start, index) => [start, sentences[index + 1] ?? last] as const);
  const order = [...rng.permutation(spans.length)].map((which) => spans[which]!);
  const places = [0, ...order.flatMap(([start, stop]) => range(start, stop)), last];
  let next = 1;
  return {
    ...sequence,
    ids: Int32Array.from(places, (place) => ids[place]!),
    wordStarts: Uint8Array.from(places, (place) => wordStarts[place]!),
    sentences: Int32Array.from(order, ([start, stop]) => {
      const at = next;
      next += stop - start;
      return at;
    }),
  };
}

const range = (start: number, stop: number): number[] =>
  Array.from({ length: Math.max(0, stop - start) }, (_, index) => start + index);

/**
 * BART's text infilling: spans of whole words, of Poisson lengths, are each replaced by one mask token, until `maskRatio` of
 * the words are masked; a span of length 0 inserts a mask token between two words.
 * @returns the remaining ids
 */
export function infill(
  { ids, wordStarts }: Pick<TokenSequence, "ids" | "wordStarts">,
  mask: number,
  rng: Rng,
  { maskRatio, spanLength }: { readonly maskRatio: number; readonly spanLength: number },
): Int32Array {
  const starts = [...wordStarts.keys()].filter((place) => wordStarts[place]);
  const last = ids.length - 1;
  const words = starts.map((start, index) => ids.slice(start, starts[index + 1] ?? last));
  let left = Math.ceil(words.length * maskRatio);
  /** For each word the number of the span that contains it, or 0. */
  const span = new Int32Array(words.length);
  const inserted = new Int32Array(words.length + 1);
  for (let number = 1; left > 0; number++) {
    const length = Math.min(poisson(spanLength, rng), left);
    if (length === 0) {
      inserted[rng.integer(0, words.length)]!++;
      // Spans of length 0 mask no words; with a mean near 0 this would hardly end.
      if (number > 4 * words.length) break;
      continue;
    }
    const free = [...span.keys()].filter((word) => span[word] === 0);
    const start = free[rng.integer(0, free.length - 1)]!;
    for (let word = start; word < Math.min(words.length, start + length) && span[word] === 0; word++) {
      span[word] = number;
      left--;
    }
  }
  const kept = words.flatMap((word, index) => {
    const masks = globalThis.Array<number>(inserted[index]!).fill(mask);
    if (span[index] === 0) return [...masks, ...word];
    return span[index] === span[index - 1] ? masks : [...masks, mask];
  });
  const front = ids.slice(0, starts[0] ?? last);
  const after = globalThis.Array<number>(inserted[words.length]!).fill(mask);
  return Int32Array.of(...front, ...kept, ...after, ids[last]!);
}

/** A Poisson variate by Knuth's product of uniforms, for small means. */
function poisson(mean: number, rng: Rng): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = rng.uniform(); product > limit; product *= rng.uniform()) count++;
  return count;
}
