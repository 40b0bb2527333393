import { float32 } from "../../array/tensor.ts";
import type { Extractor, Modality } from "../../data/modality.ts";
import { rawValues } from "../../evaluation/worth/features.ts";
import type { Molecule, MoleculeSample } from "./molecule.ts";
import { MORGAN_BITS } from "./rdkit/codes.ts";
import { rdkitBits } from "./rdkit/service.ts";

/**
 * The extended-connectivity fingerprint of diameter 4 in 2,048 bits: Rogers and Hahn 2010, https://doi.org/10.1021/ci100050t.
 * What a chemist would try first.
 */
export function ecfp(built: Modality<MoleculeSample>): Extractor {
  const specs = { bits: { dtype: "float32", shape: [MORGAN_BITS] } } as const;
  const tensors = (bits: Float32Array) => ({ bits: float32(bits, [MORGAN_BITS]) });
  const values = rawValues({ ...built, specs, tensors }, "ECFP4");
  return {
    ...values,
    standardized: false,
    forest: true,
    extract: (source, onProgress) =>
      values.extract(
        {
          ...source,
          async read(index) {
            // The modality's own source: the baseline of another kind would not come here.
            const { smiles } = (await source.read(index)) as Molecule;
            return rdkitBits("morgan", smiles);
          },
        },
        onProgress,
      ),
  };
}
