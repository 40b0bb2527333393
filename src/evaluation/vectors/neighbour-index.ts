import type { InitialParams } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { type Embeddings, readEmbeddings } from "../../interop/parquet.ts";
import { digestOfWeights } from "./digest.ts";
import { bankOf } from "./nearest.ts";

export interface Neighbour {
  readonly path: string;
  readonly label?: string | null;
  /** Cosine, −1 to 1. */
  readonly similarity: number;
  /** For text samples: a line of the text, if the data still contain it. */
  readonly text?: string;
}

/** A searchable index of embedded samples. */
export interface NeighbourIndex {
  /** Number of embedded samples. */
  readonly rows: number;
  /** Metadata written by `embed`: the data, the column. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The `top` rows nearest to a vector `[dim]`, nearest first; all if there are fewer. */
  nearest(vector: Float32Array, top: number): Neighbour[];
}

/**
 * Reads a Parquet file written by `embed`.
 * @param encoder width and weights of the encoder of the queries; what to do, in messages, if the vectors are of another
 * @throws UserError when the file cannot be read or was made by another encoder
 *
 * @example
 * const { encoder, params } = await openRun("runs/photos");
 * const index = await neighbourIndex("photos.parquet", { dim: encoder.embedDim, params });
 */
export async function neighbourIndex(
  file: string,
  {
    dim,
    params,
    advice = "embed again",
  }: { readonly dim: number; readonly params: InitialParams; readonly advice?: string },
): Promise<NeighbourIndex> {
  const embeddings = await readEmbeddings(file);
  const { dim: width, metadata } = embeddings;
  if (width !== dim)
    throw new UserError(`${file}: vectors of width ${width}, but this run's encoder has ${dim}; ${advice}`);
  if (metadata.weights && metadata.weights !== digestOfWeights(params))
    throw new UserError(
      `${file}: made by ${metadata.run} at step ${metadata.step}, whose encoder has other weights; ${advice}`,
    );
  return indexOf(embeddings);
}

/** An index of vectors in memory. */
export function indexOf({ paths, labels, data, dim, metadata }: Embeddings): NeighbourIndex {
  const bank = bankOf(data, dim);
  return {
    rows: paths.length,
    metadata,
    nearest(vector, top) {
      const { rows, similarities } = bank.nearest(vector, Math.min(top, paths.length));
      return [...rows.filter((row) => row >= 0)].map(
        (row, rank): Neighbour => ({
          path: paths[row]!,
          ...(labels ? { label: labels[row] ?? null } : {}),
          similarity: similarities[rank]!,
        }),
      );
    },
  };
}
