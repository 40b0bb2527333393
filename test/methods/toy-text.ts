import type * as z from "zod";
import { int32, type Tensor } from "../../src/array/index.ts";
import type {
  Modality,
  maskToken,
  Offered,
  TokenSequence,
  Vocabulary,
  vocabulary as vocabularyAbility,
} from "../../src/data/index.ts";
import { transformer } from "../../src/encoders/transformer.ts";

/** Ids 0 … 4 are pad, unknown, begin, end and mask; from 5 on they are parts of words; odd ones continue the word before. */
export const ids = { pad: 0, unknown: 1, begin: 2, end: 3, mask: 4 } as const;

/** Texts that are their ids already. A sentence ends after each word that ten divides. */
export function toyText({ size = 11, length = 6 } = {}) {
  const idsOf = (sample: unknown): number[] => {
    if (globalThis.Array.isArray(sample)) return sample.map(Number);
    throw new Error("samples of the toy text are lists of ids");
  };
  const vocabulary: Vocabulary<unknown> = {
    size,
    length,
    ids,
    isSpecial: (id) => id < 5,
    tokens(sample): TokenSequence {
      const all = idsOf(sample);
      const words = all.slice(0, length - 2);
      const wordStarts = words.map((id, index) => (index === 0 || id % 2 === 0 ? 1 : 0));
      const starts = words.flatMap((_, index) => (index === 0 || words[index - 1]! % 10 === 0 ? [index + 1] : []));
      return {
        ids: Int32Array.of(ids.begin, ...words, ids.end),
        wordStarts: Uint8Array.of(0, ...wordStarts, 0),
        sentences: Int32Array.from(starts),
        startsInside: false,
        isCut: words.length < all.length,
      };
    },
    encode(given) {
      const padded = new Int32Array(length);
      const mask = new Int32Array(length);
      const kept = Math.min(length, given.length);
      for (let at = 0; at < kept; at++) padded[at] = given[at]!;
      if (given.length > length) padded[length - 1] = given[given.length - 1]!;
      mask.fill(1, 0, kept);
      return { ids: int32(padded, [length]), mask: int32(mask, [length]) };
    },
    allTokens: (sample) => Int32Array.from(idsOf(sample)),
    byteLength: (sample) => idsOf(sample).join(" ").length,
    parse: (text) =>
      Int32Array.from(text.split(" ").filter(Boolean), (word) => (word === "[MASK]" ? ids.mask : Number(word))),
    decode: (given) =>
      globalThis.Array.from(given)
        .filter((id) => id >= 5)
        .join(" "),
    token: (id) => (id === ids.mask ? "[MASK]" : String(id)),
  };
  const spec = { dtype: "int32", shape: [length] } as const;
  return {
    name: "text",
    specs: { ids: spec, mask: spec },
    tensors: (sample: unknown): Record<string, Tensor> => ({ ...vocabulary.encode(vocabulary.tokens(sample).ids) }),
    vocabulary,
    maskToken: ids.mask,
    show: (sample: unknown) => ({ text: vocabulary.decode(idsOf(sample)) }),
  } satisfies Modality & Offered<typeof vocabularyAbility | typeof maskToken>;
}

export const tiny = { width: 8, depth: 2, heads: 2, mlpRatio: 2 } as const;

/** A Transformer over the toy's tokens. */
export function toyTransformer(options: z.input<typeof transformer.options> = {}, modality = toyText()) {
  return transformer.build(transformer.options.parse({ ...tiny, ...options }), modality.specs, modality.vocabulary);
}

/** The batch that text.py's cases are about. */
export const batch = {
  ids: int32([2, 7, 5, 9, 3, 0, 2, 6, 10, 3, 0, 0], [2, 6]),
  mask: int32([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0], [2, 6]),
};
