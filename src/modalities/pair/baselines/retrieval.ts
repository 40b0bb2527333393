import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { offerOf } from "../../../data/ability.ts";
import type { Features } from "../../../data/features.ts";
import type { Extractor, Modality, SideFeatures } from "../../../data/modality.ts";
import { sides } from "../../../data/sides.ts";
import type { Source } from "../../../data/source.ts";
import { skipBroken, UserError } from "../../../foundation/errors.ts";
import { kinds } from "../kinds.ts";
import type { PairSample } from "../pair.ts";
import { colours } from "./colours.ts";

/** Terms that colours are predicted from, the most frequent: the equations have as many unknowns. */
const TERMS = 1024;
/** Added to the squares of terms, whose rows have length 1, and, as a share of their mean, to those of colours. */
const [TERM_RIDGE, COLOUR_RIDGE] = [1, 0.01];
/** Pairs read at a time. */
const AT_ONCE = 16;

/** Samples as a source. */
const given = (samples: readonly unknown[]): Source<unknown> => ({
  length: samples.length,
  name: (index) => `sample ${index + 1}`,
  read: async (index) => samples[index],
  manifest: undefined,
  close: async () => undefined,
});

/** The columns that most rows have a value in. */
function frequentColumns({ data, rows, dim }: Features): number[] {
  const counts = new Uint32Array(dim);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < dim; column++) if (data[row * dim + column] !== 0) counts[column]!++;
  return [...counts.keys()].sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, TERMS);
}

/** Both sides of all pairs that can be read: an image's colours for each of its captions. */
async function readPairs(pairs: Source<PairSample>, images: Extractor) {
  const captions: unknown[] = [];
  /** The row of `colour` that each caption is of. */
  const owners: number[] = [];
  const rows: Float32Array[] = [];
  for (let start = 0; start < pairs.length; start += AT_ONCE) {
    const entries = Array.from({ length: Math.min(AT_ONCE, pairs.length - start) }, (_, at) => start + at);
    const read = await Promise.all(entries.map((entry) => pairs.read(entry).catch(skipBroken)));
    const samples = read.filter((pair) => pair !== undefined);
    if (samples.length === 0) continue;
    const { data, dim } = await images.extract(given(samples.map(({ image }) => image)));
    for (const [at, pair] of samples.entries()) {
      captions.push(...pair.captions);
      owners.push(...pair.captions.map(() => rows.length));
      rows.push(data.slice(at * dim, (at + 1) * dim));
    }
  }
  if (rows.length === 0) throw new UserError("none of the pairs can be read");
  return { captions, owners, rows };
}

/** Sums over pairs that the correlation needs, of values less their means. Rows of words are nearly empty. */
function sums(words: Features, columns: readonly number[], colourOf: (row: number) => Float32Array) {
  const [terms, dim] = [columns.length, colourOf(0).length];
  const [squares, products, colourSquares] = [
    Matrix.zeros(terms, terms),
    Matrix.zeros(terms, dim),
    Matrix.zeros(dim, dim),
  ];
  const [wordMean, colourMean] = [new Float64Array(terms), new Float64Array(dim)];
  for (let row = 0; row < words.rows; row++) {
    const colour = colourOf(row);
    const filled = columns.flatMap((column, at) => {
      const value = words.data[row * words.dim + column]!;
      return value === 0 ? [] : [{ at, value }];
    });
    for (const { at, value } of filled) {
      wordMean[at]! += value / words.rows;
      for (const other of filled) squares.set(at, other.at, squares.get(at, other.at) + value * other.value);
      for (let to = 0; to < dim; to++) products.set(at, to, products.get(at, to) + value * colour[to]!);
    }
    for (let at = 0; at < dim; at++) {
      colourMean[at]! += colour[at]! / words.rows;
      for (let to = 0; to < dim; to++) colourSquares.set(at, to, colourSquares.get(at, to) + colour[at]! * colour[to]!);
    }
  }
  const [ofWords, ofColours] = [Matrix.columnVector(wordMean), Matrix.columnVector(colourMean)];
  const outer = (left: Matrix, right: Matrix) => left.mmul(right.transpose()).mul(words.rows);
  return {
    ...{ wordMean, colourMean },
    squares: squares.sub(outer(ofWords, ofWords)),
    products: products.sub(outer(ofWords, ofColours)),
    colourSquares: colourSquares.sub(outer(ofColours, ofColours)),
  };
}

/** Values less their means, times weights `[values, dim]`. */
function projected(values: readonly number[], mean: Float64Array, weights: Matrix): number[] {
  const row = Matrix.rowVector(values.map((value, at) => value - mean[at]!));
  return row.mmul(weights).getRow(0);
}

/**
 * What can be had without an encoder: TF-IDF of captions against colour statistics of images, by canonical correlation analysis
 * (Hotelling 1936, https://doi.org/10.1093/biomet/28.3-4.321) with ridges. Its directions are those in which colours are best
 * predicted from words; an image is placed by its colours, a text by those that its words predict.
 * @param pairs to fit it to
 * @throws UserError when none of them can be read
 */
export async function retrievalBaseline(
  modality: Modality<PairSample>,
  pairs: Source<PairSample>,
): Promise<SideFeatures> {
  const both = offerOf(modality, sides);
  if (!both) throw new Error(`${modality.name} data have no sides`);
  const images = colours(both.modality("image"));
  const { captions, owners, rows } = await readPairs(pairs, images);
  const texts = await kinds.text.baseline(both.modality("text"), given(captions), { most: captions.length });
  const words = await texts.extract(given(captions));
  const columns = frequentColumns(words);
  // A caption of which the vocabulary knows nothing has no row.
  const { squares, products, colourSquares, wordMean, colourMean } = sums(
    words,
    columns,
    (row) => rows[owners[words.indices[row]!]!]!,
  );
  const [terms, dim] = [columns.length, colourMean.length];
  const predicted = new CholeskyDecomposition(squares.add(Matrix.eye(terms, terms, TERM_RIDGE))).solve(products);
  const spread = Math.max(colourSquares.trace() / dim, 1e-9);
  const whitening = inverseRoot(colourSquares.add(Matrix.eye(dim, dim, COLOUR_RIDGE * spread)));
  const explained = whitening.mmul(products.transpose().mmul(predicted)).mmul(whitening);
  const found = new EigenvalueDecomposition(explained, { assumeSymmetric: true });
  const ofImages = whitening.mmul(found.eigenvectorMatrix);
  const ofTexts = predicted.mmul(ofImages);
  // Directions count by how well words predict them: what words say nothing of is no reason to be far apart.
  const correlations = found.realEigenvalues.map((value) => Math.sqrt(Math.min(1, Math.max(0, value))));
  ofImages.mulRowVector(correlations);
  return {
    name: "colours and TF-IDF",
    note: "Colours and TF-IDF: colour statistics of images and TF-IDF of captions, placed into one space by canonical correlation.",
    dim,
    async of(side, samples) {
      const isImage = side === "image";
      const features = await (isImage ? images : texts).extract(given(samples));
      const placed = new Float32Array(samples.length * dim);
      for (let row = 0; row < features.rows; row++) {
        const values = features.data.subarray(row * features.dim, (row + 1) * features.dim);
        const vector = isImage
          ? projected([...values], colourMean, ofImages)
          : projected(
              columns.map((column) => values[column]!),
              wordMean,
              ofTexts,
            );
        placed.set(vector, features.indices[row]! * dim);
      }
      return placed;
    },
  };
}

/** The inverse of the square root of a symmetric matrix with positive eigenvalues. */
function inverseRoot(matrix: Matrix): Matrix {
  const { eigenvectorMatrix: vectors, realEigenvalues } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const roots = realEigenvalues.map((value) => 1 / Math.sqrt(Math.max(value, 1e-12)));
  return vectors.clone().mulRowVector(roots).mmul(vectors.transpose());
}
