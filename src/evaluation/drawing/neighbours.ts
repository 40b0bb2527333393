import type { Features } from "../../data/features.ts";
import type { Modality, Source } from "../../data/index.ts";
import { bankOf } from "../vectors/nearest.ts";
import { neighbourSheet, type SheetRow } from "./sheet.ts";

/** Vectors with the data that they are of. */
export interface Placed {
  readonly source: Source<unknown>;
  readonly features: Pick<Features, "data" | "dim" | "indices">;
}

/** An entry, and the entries of other data nearest to it by cosine, nearest first. */
export interface NeighbourRow {
  readonly query: number;
  readonly matches: readonly {
    readonly entry: number;
    readonly similarity: number;
    /** Whether both have the same class, where both have one. */
    readonly right?: boolean;
  }[];
}

/** The class of an entry, by its name. */
export const className = (source: Source<unknown>, entry: number): string | undefined =>
  source.classes?.[source.labels?.[entry] ?? -1];

export function nearestEntries(bank: Placed, asked: Placed, count: number): NeighbourRow[] {
  const { data, dim, indices } = bank.features;
  const wanted = Math.min(count, indices.length);
  const { rows, similarities } = bankOf(data, dim).nearest(asked.features.data, wanted);
  return [...asked.features.indices].map((query, row) => {
    const own = className(asked.source, query);
    const places = Array.from({ length: wanted }, (_, rank) => row * wanted + rank);
    const matches = places
      .filter((at) => rows[at]! >= 0)
      .map((at) => {
        const entry = indices[rows[at]!]!;
        const theirs = className(bank.source, entry);
        const right = own !== undefined && theirs !== undefined ? { right: own === theirs } : {};
        return { entry, similarity: similarities[at]!, ...right };
      });
    return { query, matches };
  });
}

/** The rows as a sheet of pictures (PNG); nothing where samples have none. */
export async function neighbourImage(
  modality: Modality<unknown>,
  rows: readonly NeighbourRow[],
  bank: Source<unknown>,
  asked: Source<unknown>,
): Promise<Buffer | undefined> {
  const shown: SheetRow[] = [];
  for (const { query, matches } of rows) {
    const pictures: SheetRow["matches"][number][] = [];
    for (const { entry, right } of matches) {
      const { picture } = modality.show(await bank.read(entry));
      if (picture) pictures.push({ picture, right });
    }
    const { picture } = modality.show(await asked.read(query));
    if (!picture) return undefined;
    shown.push({ query: picture, matches: pictures });
  }
  return neighbourSheet(shown);
}
