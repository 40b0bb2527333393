import {
  type ListedVocabulary,
  listedVocabulary,
  type Tokenized,
  type TokenList,
} from "../../../data/tokens/listed.ts";
import type { Molecule } from "../molecule.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Atoms in brackets that are tokens: those met more than 40 times in 250,000 molecules of PubChem, ChEMBL and NCI. */
const BRACKETS = [
  ...["[C@H]", "[C@@H]", "[C@]", "[C@@]", "[C-]", "[CH-]", "[c-]", "[nH]", "[n+]", "[nH+]", "[N+]", "[N-]", "[NH+]"],
  ...["[NH2+]", "[NH3+]", "[NH]", "[N]", "[O-]", "[O+]", "[OH+]", "[o+]", "[S+]", "[SH+]", "[S-]", "[S]", "[S@]"],
  ...["[S@@]", "[s+]", "[Si]", "[Se]", "[se]", "[PH]", "[P+]", "[B-]", "[Sn]", "[As]", "[Na+]", "[K+]", "[Cl-]"],
  ...["[Br-]", "[I-]", "[H]", "[H+]"],
];
/** What is more than one character outside of brackets. */
const LONG = ["Br", "Cl", "->", "<-", "@@", ...range(10, 29).map((ring) => `%${ring}`)];
const LETTERS = [...range(65, 90), ...range(97, 122)].map((code) => String.fromCharCode(code));
const SIGNS = [..."0123456789[]()=#$:~/\\.*+-@%"];

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

/**
 * Tokens of a SMILES: atoms, bonds, rings, branches. An atom in brackets that is not listed is read character by character, so
 * that nothing is unknown. The special tokens and their ids are BERT's.
 */
export const SMILES_TOKENS: TokenList = {
  tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...BRACKETS, ...LONG, ...LETTERS, ...SIGNS],
  special: { pad: "[PAD]", unknown: "[UNK]", begin: "[CLS]", end: "[SEP]", mask: "[MASK]" },
  pattern: `${[...BRACKETS, ...LONG].map(escaped).join("|")}|[!-~]`,
};

export type SmilesVocabulary = ListedVocabulary<Molecule | Tokenized>;

/** @param maxLength most tokens of a sample, the first and the last included */
export const smilesVocabulary = (maxLength: number): SmilesVocabulary =>
  listedVocabulary<Molecule | Tokenized>(SMILES_TOKENS, maxLength, ({ smiles }) => smiles);
