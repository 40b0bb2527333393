import type { Features } from "../../data/features.ts";
import type { Extractor } from "../../data/modality.ts";
import type { Source } from "../../data/source.ts";
import { BrokenSample } from "../../foundation/errors.ts";
import type { Molecule } from "./molecule.ts";
import { MORGAN_BITS } from "./rdkit/codes.ts";
import { rdkitBytes } from "./rdkit/service.ts";

/** Molecules that RDKit is asked about at a time. */
const TOGETHER = 256;

/**
 * The extended-connectivity fingerprint of diameter 4 in 2,048 bits: Rogers and Hahn 2010, https://doi.org/10.1021/ci100050t.
 * What a chemist would try first.
 */
export function ecfp(): Extractor {
  return {
    name: "ECFP4",
    standardized: false,
    forest: true,
    async extract(source: Source<unknown>, onProgress): Promise<Features> {
      const broken: { name: string; reason: string }[] = [];
      const rows: Float32Array[] = [];
      const indices: number[] = [];
      const bitsOf = async (index: number): Promise<Float32Array | undefined> => {
        try {
          // The modality's own source: the baseline of another kind would not come here.
          const { smiles } = (await source.read(index)) as Molecule;
          const bytes = await rdkitBytes("morgan", smiles);
          return Float32Array.from({ length: MORGAN_BITS }, (_, bit) => (bytes[bit >> 3]! >> (bit & 7)) & 1);
        } catch (error) {
          if (!(error instanceof BrokenSample)) throw error;
          broken.push({ name: source.name(index), reason: error.message });
          return undefined;
        }
      };
      for (let start = 0; start < source.length; start += TOGETHER) {
        const some = Array.from({ length: Math.min(TOGETHER, source.length - start) }, (_, at) => start + at);
        const found = await Promise.all(some.map(bitsOf));
        found.forEach((bits, at) => {
          if (!bits) return;
          rows.push(bits);
          indices.push(some[at]!);
        });
        onProgress?.(Math.min(source.length, start + TOGETHER), source.length);
      }
      const data = new Float32Array(rows.length * MORGAN_BITS);
      rows.forEach((row, at) => {
        data.set(row, at * MORGAN_BITS);
      });
      const { labels, classes } = source;
      return {
        ...{ data, rows: rows.length, dim: MORGAN_BITS, indices: Int32Array.from(indices), broken },
        ...(labels && classes ? { labels: Int32Array.from(indices, (index) => labels[index]!), classes } : {}),
      };
    },
  };
}
