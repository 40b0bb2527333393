/** A molecule in a file. */
export interface MoleculeEntry {
  /** SMILES or mol block, as it stands there. */
  readonly input: string;
  /** What the file calls it; empty if it has no name. */
  readonly title: string;
  readonly label: string | undefined;
  readonly group?: string | undefined;
  /** Line, row or record in the file, from 1; 0 if the file is one molecule. */
  readonly line: number;
}

/** What is read of records that have fields. */
export interface FieldsWanted {
  readonly label?: string | undefined;
  readonly group?: string | undefined;
}
