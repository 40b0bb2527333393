import { extname } from "node:path";
import { type TableFormat, tableFormats } from "../../../data/tables/rows.ts";

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

const extensionOf = (name: string): string => extname(name.replace(/\.gz$/i, "")).toLowerCase();

export const formatOf = (name: string): MoleculeFormat | undefined => formats[extensionOf(name)];
export const tableFormatOf = (name: string): TableFormat | undefined => tableFormats[extensionOf(name)];
