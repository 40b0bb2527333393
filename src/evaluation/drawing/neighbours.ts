import type { Features } from "../../data/features.ts";
import type { Modality, Source } from "../../data/index.ts";
import { bankOf } from "../vectors/nearest.ts";
import { neighbourSheet, type SheetRow } from "./sheet.ts";

/** Features with the source that they were extracted from. */
export interface Placed {
  readonly source: Source<unknown>;
  readonly features: Pick<Features, "data" | "dim" | "indices">;
}

/** A query entry, and the entries of a bank nearest to it by cosine, nearest first. */
export interface NeighbourRow {
  readonly query: number;
  readonly matches: readonly {
    readonly entry: number;
    readonly similarity: number;
    /** Whether both have the same class; absent unless both have one. */
    readonly right?: boolean;
  }[];
}

/** The class name of an entry. */
export const className = (source: Source<unknown>, entry: number): string | undefined =>
  source.classes?.[source.labels?.[entry] ?? -1];

/** For each query its `count` nearest entries of the bank. */
export function nearestEntries(bank: Placed, queries: Placed, count: number): NeighbourRow[] {
  const { data, dim, indices } = bank.features;
  const wanted = Math.min(count, indices.length);
  const { rows, similarities } = bankOf(data, dim).nearest(queries.features.data, wanted);
  return [...queries.features.indices].map((query, row) => {
    const queryClass = className(queries.source, query);
    const places = Array.from({ length: wanted }, (_, rank) => row * wanted + rank);
    const matches = places
      .filter((at) => rows[at]! >= 0)
      .map((at) => {
        const entry = indices[rows[at]!]!;
        const matchClass = className(bank.source, entry);
        const right = queryClass !== undefined && matchClass !== undefined ? { right: queryClass === matchClass } : {};
        return { entry, similarity: similarities[at]!, ...right };
      });
    return { query, matches };
  });
}

/** The rows as a sheet of pictures (PNG); undefined if samples have none. */
export async function neighbourImage(
  modality: Modality<unknown>,
  rows: readonly NeighbourRow[],
  bank: Source<unknown>,
  queries: Source<unknown>,
): Promise<Buffer | undefined> {
  const shown: SheetRow[] = [];
  for (const { query, matches } of rows) {
    const pictures: SheetRow["matches"][number][] = [];
    for (const { entry, right } of matches) {
      const { picture } = await modality.show(await bank.read(entry));
      if (picture) pictures.push({ picture, right });
    }
    const { picture } = await modality.show(await queries.read(query));
    if (!picture) return undefined;
    shown.push({ query: picture, matches: pictures });
  }
  return neighbourSheet(shown);
}
