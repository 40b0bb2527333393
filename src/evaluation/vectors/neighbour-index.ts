import type { InitialParams } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { readEmbeddings } from "../../interop/parquet.ts";
import { digestOfWeights } from "./digest.ts";
import { bankOf } from "./nearest.ts";

export interface Neighbour {
  readonly path: string;
  readonly label?: string | null;
  /** Cosine, −1 to 1. */
  readonly similarity: number;
  /** Where samples are texts: a line of it, if the data still hold it. */
  readonly text?: string;
}

/** Embedded samples, ready to be searched. */
export interface NeighbourIndex {
  /** Embedded samples. */
  readonly rows: number;
  /** What `embed` wrote beside them: the data, the column. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The `top` rows most like a vector `[dim]`, nearest first; all when there are fewer. */
  nearest(vector: Float32Array, top: number): Neighbour[];
}

/**
 * Reads a Parquet file of `embed`.
 * @param encoder what made the vectors that will be looked for: their width, and its weights
 * @throws UserError when the file cannot be read or is another encoder's
 *
 * @example
 * const { encoder, params } = await openRun("runs/photos");
 * const index = await neighbourIndex("photos.parquet", { dim: encoder.embedDim, params });
 */
export async function neighbourIndex(
  file: string,
  { dim, params }: { readonly dim: number; readonly params: InitialParams },
): Promise<NeighbourIndex> {
  const { paths, labels, data, dim: width, metadata } = await readEmbeddings(file);
  if (width !== dim)
    throw new UserError(`${file}: vectors of ${width} numbers, but this run's encoder makes ${dim}; embed again`);
  if (metadata.weights && metadata.weights !== digestOfWeights(params))
    throw new UserError(
      `${file}: made by ${metadata.run} at step ${metadata.step}, whose encoder is not this one; embed again`,
    );
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
