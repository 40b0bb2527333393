import { BrokenSample } from "../foundation/errors.ts";
import type { Modality, Source } from "../modalities/index.ts";
import type { Features } from "../training/features.ts";
import { unitRows } from "./normalize.ts";

/** Most terms kept: those in most documents. A dense row is that wide. */
const TERMS = 4096;

/** Term weights learned from one set of documents, for that set and others. */
export interface TfIdf {
  /** Rows of unit length, `[rows, terms]`. */
  transform(source: Source<unknown>, onProgress?: (done: number, total: number) => void): Promise<Features>;
}

/**
 * Bag of words by TF-IDF, the baseline that any encoder of text must beat: how often a token occurs, times
 * log((1 + documents) / (1 + documents with it)) + 1, rows at unit length, as scikit-learn's `TfidfVectorizer`. Tokens are
 * the vocabulary's; the 4,096 that most documents have are kept.
 */
export async function fitTfIdf(modality: Modality<unknown>, train: Source<unknown>): Promise<TfIdf> {
  const { vocabulary } = modality;
  if (!vocabulary) throw new Error(`${modality.name} data have no words to count`);
  const wordsOf = async (source: Source<unknown>, index: number): Promise<Int32Array> =>
    vocabulary.tokens(await source.read(index)).ids.filter((id) => !vocabulary.isSpecial(id));
  const documents = new Float64Array(vocabulary.size);
  let total = 0;
  for (let index = 0; index < train.length; index++) {
    const ids = await wordsOf(train, index).catch(skipBroken);
    if (!ids) continue;
    total++;
    for (const id of new Set(ids)) documents[id]!++;
  }
  const kept = [...documents.keys()]
    .filter((id) => documents[id]! > 0)
    .sort((a, b) => documents[b]! - documents[a]! || a - b)
    .slice(0, TERMS);
  const columns = new Map(kept.map((id, column) => [id, column]));
  const weights = kept.map((id) => Math.log((1 + total) / (1 + documents[id]!)) + 1);
  const dim = kept.length;

  return {
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

const skipBroken = (error: unknown): undefined => {
  if (!(error instanceof BrokenSample)) throw error;
};
