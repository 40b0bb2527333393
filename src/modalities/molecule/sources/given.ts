import type { Source } from "../../../data/source.ts";
import { drawable } from "../draw.ts";
import type { Molecule } from "../molecule.ts";
import { rdkitBytes } from "../rdkit/service.ts";
import { moleculeIn } from "../record.ts";

/** A source of one molecule that is given, not read: a SMILES or a mol block. */
export const givenMolecule = (input: string, name = "the molecule"): Source<Molecule> => ({
  length: 1,
  name: () => name,
  read: async () => drawable(moleculeIn(await rdkitBytes("describe", input))),
  manifest: undefined,
  close: async () => undefined,
});
