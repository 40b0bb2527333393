import init, { type MainModule, type Mol } from "@rdkit/rdkit";
import { BrokenSample } from "../../../foundation/errors.ts";
import { checkLimits, isBlock } from "./limits.ts";

export type JSMol = Mol;

/** One RDKit, with what is made once for it. */
export interface Instance {
  readonly library: MainModule;
  /** Patterns of atoms by hybridisation, the most frequent first, and OGB's number of each. */
  readonly hybridised: readonly { readonly pattern: Mol; readonly code: number }[];
  /** Why the last molecule was refused, in RDKit's words. */
  reason(): string;
}

/** RDKit's numbers of hybridisation in SMARTS, and OGB's. */
const HYBRIDISATIONS = [
  ["[^2]", 1],
  ["[^3]", 2],
  ["[^1]", 0],
  ["[^4]", 3],
  ["[^5]", 4],
] as const;

/** Characters of a reason that are shown. */
const LONGEST = 160;

/** A new RDKit; about 0.2 s. */
export async function newInstance(): Promise<Instance> {
  const library = await init.default();
  const log = library.set_log_capture("rdApp.*");
  return {
    library,
    hybridised: HYBRIDISATIONS.map(([smarts, code]) => {
      const pattern = library.get_qmol(smarts);
      if (!pattern) throw new Error(`RDKit does not read ${smarts}`);
      return { pattern, code };
    }),
    reason() {
      const lines = (log?.get_buffer() ?? "").split("\n").map((line) => line.replace(/^\[[\d:]+\]\s*/, "").trim());
      log?.clear_buffer();
      // A warning may come before the error.
      const [first = ""] = lines.filter((line) => line !== "" && !/^warning/i.test(line));
      const text = first.replace(/^SMILES Parse Error: /, "");
      return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
    },
  };
}

/** Only hydrogens that are written as atoms could be removed, and looking for them takes as long as parsing. */
const HAS_HYDROGEN = /\[\d*H/;

/**
 * Calls `use` with the molecule of a SMILES or mol block, which is deleted afterwards.
 * @throws BrokenSample with RDKit's reason when there is none; RuntimeError when the instance is ruined
 */
export function withMolecule<Result>(instance: Instance, input: string, use: (mol: Mol) => Result): Result {
  checkLimits(input);
  const details = isBlock(input) || HAS_HYDROGEN.test(input) ? "{}" : '{"removeHs":false}';
  const mol = instance.library.get_mol(input, details);
  try {
    const reason = instance.reason();
    if (!mol) throw new BrokenSample(`not a molecule (${reason || "RDKit does not say why"})`);
    if (mol.get_num_atoms() === 0) throw new BrokenSample("a molecule without atoms");
    return use(mol);
  } finally {
    mol?.delete();
  }
}
