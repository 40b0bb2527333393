import { offerOf } from "../../data/ability.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import { unitRows } from "../../evaluation/vectors/normalize.ts";
import { BrokenSample, skipBroken } from "../../foundation/errors.ts";

/** Number of terms kept, the most frequent: the width of a dense row. */
const TERMS = 4096;

/** Most values in all rows together: 1 GiB of float32. */
const LARGEST = 2 ** 28;

/**
 * Bag of words by TF-IDF, the baseline for any text encoder: the count of a token, times
 * log((1 + documents) / (1 + documents with it)) + 1, rows at unit length, as scikit-learn's `TfidfVectorizer`. Tokens are
 * the vocabulary's, of the whole text, even if the encoder reads less of it; the 4,096 that are in most documents are kept,
 * fewer if the rows would take more than 1 GiB.
 * @param most documents that will be transformed at once
 */
export async function tfIdf(
  modality: Modality<never>,
  train: Source<unknown>,
  most = train.length,
): Promise<Extractor> {
  const vocabulary = offerOf(modality, vocabularyAbility);
  if (!vocabulary) throw new Error(`${modality.name} data have no tokens to count`);
  const { tensors, unseen }: Modality<unknown> = modality;
  const tokensOf = async (source: Source<unknown>, index: number): Promise<Int32Array> => {
    const sample = await source.read(index);
    // A baseline of the same samples: what the encoder does not see, it leaves out, too.
    const reason = unseen?.(tensors(sample));
    if (reason !== undefined) throw new BrokenSample(reason);
    return vocabulary.allTokens(sample).filter((id) => !vocabulary.isSpecial(id));
  };
  const documents = new Float64Array(vocabulary.size);
  let total = 0;
  for (let index = 0; index < train.length; index++) {
    const ids = await tokensOf(train, index).catch(skipBroken);
    if (!ids) continue;
    total++;
    for (const id of new Set(ids)) documents[id]!++;
  }
  const frequent = [...documents.keys()]
    .filter((id) => documents[id]! > 0)
    .sort((a, b) => documents[b]! - documents[a]! || a - b)
    .slice(0, TERMS);
  const kept = frequent.slice(0, Math.max(1, Math.floor(LARGEST / most)));
  const columns = new Map(kept.map((id, column) => [id, column]));
  const weights = kept.map((id) => Math.log((1 + total) / (1 + documents[id]!)) + 1);
  const dim = kept.length;

  return {
    name: "TF-IDF",
    // Rows are sparse and of unit length; standardisation would give rare terms the largest weights.
    standardized: false,
    ...(dim < frequent.length
      ? {
          note: `TF-IDF counts the ${count(dim)} most frequent tokens instead of ${count(frequent.length)}: ${count(most)} rows would take more than 1 GiB.`,
        }
      : {}),
    async extract(source, onProgress) {
      const data = new Float32Array(source.length * dim);
      const indices: number[] = [];
      const broken: { name: string; reason: string }[] = [];
      for (let index = 0; index < source.length; index++) {
        const ids = await tokensOf(source, index).catch((error: unknown) => {
          skipBroken(error);
          broken.push({ name: source.name(index), reason: error instanceof Error ? error.message : "" });
        });
        if (!ids) continue;
        const row = data.subarray(indices.length * dim, (indices.length + 1) * dim);
        for (const id of ids) {
          const column = columns.get(id);
          if (column !== undefined) row[column]! += weights[column]!;
        }
        row.set(unitRows(row, 1, dim));
        indices.push(index);
        if (index % 256 === 255) onProgress?.(index + 1, source.length);
      }
      const { labels, classes } = source;
      return {
        data: data.subarray(0, indices.length * dim),
        rows: indices.length,
        dim,
        indices: Int32Array.from(indices),
        ...(labels ? { labels: Int32Array.from(indices, (index) => labels[index]!), classes } : {}),
        broken,
      };
    },
  };
}

const count = (value: number): string => value.toLocaleString("en");
