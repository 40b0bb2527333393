import { extensionOf } from "../../../data/files/extension.ts";

/** How molecules are written: one SMILES a line, mol blocks, one mol block, or a table with a column of SMILES. */
export type MoleculeFormat = "smiles" | "sdf" | "mol";

const formats: Readonly<Record<string, MoleculeFormat>> = {
  ".smi": "smiles",
  ".smiles": "smiles",
  ".ism": "smiles",
  ".sdf": "sdf",
  ".sd": "sdf",
  ".mol": "mol",
};

export const FORMATS = ".smi, .sdf, .mol, or a table with a column of SMILES";

export const formatOf = (name: string): MoleculeFormat | undefined => formats[extensionOf(name)];
