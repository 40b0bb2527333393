import type { Source } from "../../../data/source.ts";
import { drawable } from "../draw.ts";
import type { Molecule } from "../molecule.ts";
import { isBlock } from "../rdkit/limits.ts";
import { rdkitRecord } from "../rdkit/service.ts";
import { moleculeIn } from "../record.ts";

/** A source of one molecule that is given, not read: a SMILES or a mol block. Blanks around a SMILES are no part of it. */
export const givenMolecule = (input: string, name = "the molecule"): Source<Molecule> => ({
  length: 1,
  name: () => name,
  read: async () => drawable(moleculeIn(await rdkitRecord(isBlock(input.trim()) ? input : input.trim()))),
  manifest: undefined,
  close: async () => undefined,
});
