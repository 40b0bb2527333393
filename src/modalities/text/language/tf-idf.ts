import type { Modality, Source } from "../../../data/index.ts";
import { unitRows } from "../../../evaluation/vectors/normalize.ts";
import { skipBroken } from "../../../foundation/errors.ts";
import type { Features } from "../../../training/features.ts";

/** Most terms kept: those in most documents. A dense row is that wide. */
const TERMS = 4096;

/** Most numbers in all rows together: 1 GiB of float32. */
const LARGEST = 2 ** 28;

/** Term weights learned from one set of documents, for that set and others. */
export interface TfIdf {
  /** What was left out so that the rows fit into memory. */
  readonly note?: string;
  /** Rows of unit length, `[rows, terms]`. */
  transform(source: Source<unknown>, onProgress?: (done: number, total: number) => void): Promise<Features>;
}

/**
 * Bag of words by TF-IDF, the baseline that any encoder of text must beat: how often a token occurs, times
 * log((1 + documents) / (1 + documents with it)) + 1, rows at unit length, as scikit-learn's `TfidfVectorizer`. Tokens are
 * the vocabulary's, of the whole text also where an encoder reads less; the 4,096 that most documents have are kept, fewer
 * where the rows would take more than 1 GiB.
 * @param most documents that will be transformed at once
 */
export async function fitTfIdf(
  modality: Modality<unknown>,
  train: Source<unknown>,
  most = train.length,
): Promise<TfIdf> {
  const { vocabulary, allTokens } = modality;
  if (!vocabulary || !allTokens) throw new Error(`${modality.name} data have no words to count`);
  const wordsOf = async (source: Source<unknown>, index: number): Promise<Int32Array> =>
    allTokens(await source.read(index)).filter((id) => !vocabulary.isSpecial(id));
  const documents = new Float64Array(vocabulary.size);
  let total = 0;
  for (let index = 0; index < train.length; index++) {
    const ids = await wordsOf(train, index).catch(skipBroken);
    if (!ids) continue;
    total++;
    for (const id of new Set(ids)) documents[id]!++;
  }
  const common = [...documents.keys()]
    .filter((id) => documents[id]! > 0)
    .sort((a, b) => documents[b]! - documents[a]! || a - b)
    .slice(0, TERMS);
  const kept = common.slice(0, Math.max(1, Math.floor(LARGEST / most)));
  const columns = new Map(kept.map((id, column) => [id, column]));
  const weights = kept.map((id) => Math.log((1 + total) / (1 + documents[id]!)) + 1);
  const dim = kept.length;

  return {
    ...(dim < common.length
      ? {
          note: `TF-IDF counts the ${count(dim)} commonest tokens instead of ${count(common.length)}: ${count(most)} rows would take more than 1 GiB.`,
        }
      : {}),
    async transform(source, onProgress) {
      const data = new Float32Array(source.length * dim);
      const indices: number[] = [];
      const broken: { name: string; reason: string }[] = [];
      for (let index = 0; index < source.length; index++) {
        const ids = await wordsOf(source, index).catch((error: unknown) => {
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
