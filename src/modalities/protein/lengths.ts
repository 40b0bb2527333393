import type { Source } from "../../data/source.ts";
import { skipBroken } from "../../foundation/errors.ts";
import { USUAL_LENGTH } from "./options.ts";
import { isTokenized, type Protein } from "./protein.ts";

/** Proteins that are looked at, evenly spread. */
const PROBES = 2000;

/** Residues of some proteins of a source, by rising length. */
export async function lengthsIn(source: Source<Protein>): Promise<number[]> {
  const lengths: number[] = [];
  const count = Math.min(PROBES, source.length);
  for (let probe = 0; probe < count; probe++) {
    const sample = await source.read(Math.floor((probe * source.length) / count)).catch(skipBroken);
    if (sample) lengths.push(isTokenized(sample) ? sample.ids.length : sample.residues.length);
  }
  return lengths.sort((a, b) => a - b);
}

/** Room for 99 of 100 proteins, at most the usual length: a multiple of 16, so that runs on similar data fit each other. */
export async function inferLength(source: Source<Protein>): Promise<number> {
  const lengths = await lengthsIn(source);
  const most = lengths[Math.min(lengths.length - 1, Math.floor(0.99 * lengths.length))];
  if (most === undefined) return USUAL_LENGTH;
  return Math.min(USUAL_LENGTH, Math.max(16, Math.ceil((most + 2) / 16) * 16));
}

/** Says how many proteins are longer than what the encoder reads. */
export async function noteLonger(
  source: Source<Protein>,
  maxLength: number,
  onNote: (note: string) => void,
): Promise<void> {
  const lengths = await lengthsIn(source);
  const longer = lengths.filter((length) => length > maxLength - 2).length;
  if (longer === 0) return;
  const share = longer / lengths.length;
  onNote(
    `${share < 0.01 ? "less than 1" : Math.round(100 * share)} % of the proteins are longer than ${maxLength - 2} residues: training takes a random window of each, embeddings are of the first (--max-length)`,
  );
}
