import type { RunFiles, Shown } from "../../data/modality.ts";
import { asGraph } from "./as-graph.ts";
import { asSmiles } from "./as-smiles.ts";
import { targetsOf } from "./computed.ts";
import { isMolecule, isTokens, type MoleculeSample } from "./molecule.ts";
import type { MoleculeOptions } from "./options.ts";
import { smilesVocabulary } from "./smiles/tokens.ts";

/** Characters of a SMILES, and of a name, on pages and in tables. */
const [SHOWN, NAMED] = [200, 60];

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** `aspirin: CC(=O)Oc1ccccc1C(=O)O`, and the drawn molecule. */
async function show(sample: MoleculeSample): Promise<Shown> {
  if (isTokens(sample)) return { text: shortened(smilesVocabulary(8).decode(sample.ids), SHOWN) };
  if (!isMolecule(sample)) return { text: `a view of ${sample.graph.count} atoms` };
  const { smiles, title } = sample;
  const picture = await sample.draw?.();
  const name = title ? `${shortened(title.replaceAll(/\s+/g, " "), NAMED)}: ` : "";
  return { text: `${name}${shortened(smiles, SHOWN)}`, ...(picture ? { picture } : {}) };
}

/** Molecules with their options settled. Pure: it runs in every thread. */
export function buildMolecules(options: MoleculeOptions, files: RunFiles = {}) {
  return {
    name: "molecule",
    ...(options.input === "graph" ? asGraph(options) : asSmiles(options)),
    ...(options.compute ? { targets: targetsOf(files) } : {}),
    show,
  } as const;
}
