import { type CellBatch, firstCells } from "../../../data/tables/cells.ts";
import { positionsOf } from "../../../data/tables/columns.ts";
import type { TableFormat } from "../../../data/tables/rows.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { rdkitRecord } from "../rdkit/service.ts";

/** What columns of SMILES are called, the likelier first. */
const NAMES = [
  ...["smiles", "canonical_smiles", "isomeric_smiles", "canonicalsmiles", "isomericsmiles", "smiles_string"],
  ...["structure", "drug", "mol", "molecule", "ligand", "compound"],
];

/** Values that are looked at, and the share of them that must be molecules. */
const PROBES = 20;
const SHARE = 0.9;
/** A letter or two are a molecule, too, and mean nothing. */
const SHORTEST = 3;

async function isSmiles(text: string): Promise<boolean> {
  try {
    await rdkitRecord(text);
    return true;
  } catch (error) {
    if (error instanceof BrokenSample) return false;
    throw error;
  }
}

async function isSmilesColumn({ rows }: CellBatch, column: number): Promise<boolean> {
  const values = rows.flatMap(({ cells }) => String(cells[column] ?? "").trim() || []).slice(0, PROBES);
  if (values.length === 0 || !values.some((value) => value.length >= SHORTEST)) return false;
  const found = await Promise.all(values.map(isSmiles));
  return found.filter(Boolean).length >= SHARE * values.length;
}

/**
 * The column of SMILES of a table: one that is called so, and whose first values RDKit reads.
 * @returns its name, or undefined if there is none
 */
export async function smilesColumn(path: string, format: TableFormat): Promise<string | undefined> {
  const first = await firstCells(path, format);
  if (!first) return undefined;
  for (const name of NAMES)
    for (const column of positionsOf(name, first.columns))
      if (await isSmilesColumn(first, column)) return first.columns[column];
  return undefined;
}
