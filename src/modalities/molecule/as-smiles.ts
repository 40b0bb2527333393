import type { Rng } from "../../array/rng.ts";
import type { TensorRecord } from "../../data/modality.ts";
import type { Tokenized } from "../../data/tokens/listed.ts";
import type { Vocabulary } from "../../data/vocabulary.ts";
import type { Molecule } from "./molecule.ts";
import type { MoleculeOptions } from "./options.ts";
import { shuffledSmiles } from "./smiles/shuffle.ts";
import { smilesVocabulary } from "./smiles/tokens.ts";

type Sample = Molecule | Tokenized;

/** Molecules as the tokens of a SMILES. */
export function asSmiles({ maxLength, randomSmiles, deletion }: MoleculeOptions) {
  const listed = smilesVocabulary(maxLength);
  const spec = { dtype: "int32", shape: [maxLength] } as const;
  const another = (sample: Sample, rng: Rng): Sample =>
    "smiles" in sample ? { ...sample, smiles: shuffledSmiles(sample.smiles, rng.split("smiles")) } : sample;
  const vocabulary: Vocabulary<Sample> = {
    ...listed,
    tokens: (sample, rng) => listed.tokens(rng && randomSmiles ? another(sample, rng) : sample, rng),
  };
  return {
    specs: { ids: spec, mask: spec },
    tensors: (sample: Sample): TensorRecord => ({ ...vocabulary.encode(vocabulary.tokens(sample).ids) }),
    /** Another SMILES of the molecule, without some of its tokens; at least one stays. */
    augment(sample: Sample, rng: Rng): Tokenized {
      const { ids, ...part } = listed.part(another(sample, rng), rng);
      const kept = ids.filter(() => !rng.chance(deletion));
      return { ...part, ids: kept.length > 0 ? kept : ids.slice(0, 1) };
    },
    /** Another SMILES of the molecule. */
    perturb: (sample: Sample, rng: Rng): Tokenized => listed.part(another(sample, rng), rng),
    vocabulary,
    maskToken: listed.mask,
    paraphrase: (sample: Sample, rng: Rng) => listed.tokens(another(sample, rng), rng),
  };
}
