import { sizeOf } from "../../array/index.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { collect } from "../../training/features.ts";

/**
 * The values of the tensors themselves, unchanged, as vectors.
 * @param name what tables call them: `raw pixels`
 */
export const rawValues = (modality: Modality<never>, name: string): Extractor => ({
  name,
  extract(source, onProgress) {
    const dim = Object.values(modality.specs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return collect({ modality, source, onProgress }, dim, (rows) => {
      const vectors = new Float32Array(rows.length * dim);
      rows.forEach((row, at) => {
        let offset = at * dim;
        for (const { data } of Object.values(row)) {
          vectors.set(data, offset);
          offset += data.length;
        }
      });
      return vectors;
    });
  },
});
