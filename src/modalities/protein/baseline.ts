import { float32 } from "../../array/tensor.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import type { Protein } from "./protein.ts";
import { proteinVocabulary, STANDARD } from "./vocabulary.ts";

/** Shares of the 20 standard residues and of their 400 pairs of neighbours, over the whole protein. */
export function composition(built: Modality<Protein>): Extractor {
  const vocabulary = proteinVocabulary(8);
  const first = vocabulary.parse(STANDARD[0]!)[0]!;
  const count = STANDARD.length;
  const dim = count + count ** 2;
  const tensors = (sample: Protein) => {
    const shares = new Float32Array(dim);
    const ids = vocabulary.allTokens(sample);
    let before = -1;
    for (const id of ids) {
      const residue = id >= first && id < first + count ? id - first : -1;
      if (residue >= 0) shares[residue]! += 1 / ids.length;
      if (residue >= 0 && before >= 0) shares[count + before * count + residue]! += 1 / ids.length;
      before = residue;
    }
    return { features: float32(shares, [dim]) };
  };
  const specs = { features: { dtype: "float32", shape: [dim] } } as const;
  return rawValues({ ...built, specs, tensors, unseen: () => undefined }, "residues and pairs, counted");
}
