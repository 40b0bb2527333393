import type { Graph } from "../../data/graph.ts";
import type { Picture } from "../../data/picture.ts";
import type { Tokenized } from "../../data/tokens/listed.ts";

/** A molecule as it is read: what RDKit says of it, once. */
export interface Molecule {
  /** RDKit's canonical SMILES. */
  readonly smiles: string;
  /** Atoms and bonds with OGB's features: see `rdkit/features.ts`. */
  readonly graph: Graph;
  /** What its file calls it. */
  readonly title?: string;
  /** Draws its structural formula, where there is RDKit to do it; undefined if that fails. */
  draw?(): Promise<Picture | undefined>;
  /** What can be computed of it without a label, if a run asks for that: see `targets`. */
  readonly computed?: Float32Array;
}

/** A view as a graph: some atoms or bonds are hidden or left out. */
export interface GraphView {
  readonly graph: Graph;
  /** Atoms and bonds that it is padded to, where it is several molecules in one sample. */
  readonly room?: { readonly maxNodes: number; readonly maxEdges: number };
}

/** A molecule, or a view of it as a graph or as tokens: another SMILES of it, perhaps without some of its tokens. */
export type MoleculeSample = Molecule | GraphView | Tokenized;

export const isMolecule = (sample: MoleculeSample): sample is Molecule => "smiles" in sample;
export const isTokens = (sample: MoleculeSample): sample is Tokenized => "ids" in sample;
