/**
 * What molecules are, for methods and programs that read atoms, bonds or SMILES.
 * @module autodidact/molecule
 */
export type { ListedVocabulary, Tokenized } from "../../data/tokens/listed.ts";
export type { GraphView, Molecule, MoleculeSample } from "./molecule.ts";
export { MoleculeOptions } from "./options.ts";
export { atomFeatures, bondFeatures, edgeSizes, nodeSizes } from "./rdkit/codes.ts";
export { shuffledSmiles } from "./smiles/shuffle.ts";
export { SMILES_TOKENS, type SmilesVocabulary, smilesVocabulary } from "./smiles/tokens.ts";
