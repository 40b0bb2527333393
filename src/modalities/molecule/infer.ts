import type { Reads } from "../../data/reads.ts";
import type { Source } from "../../data/source.ts";
import { reads } from "../../encoders/encoder.ts";
import { messageOf, skipBroken, UserError } from "../../foundation/errors.ts";
import { extents } from "../../graphs/padding.ts";
import { isMolecule, type MoleculeSample } from "./molecule.ts";
import type { MoleculeOptions } from "./options.ts";
import { smilesVocabulary } from "./smiles/tokens.ts";

/** Molecules whose sizes are looked at, evenly spread. They are parsed once, as in training. */
const PROBES = 1000;
/** Share of the molecules that fit. */
const FITTING = 0.99;
const SHORTEST = 8;

export interface Sizes {
  readonly nodes: number;
  readonly edges: number;
  readonly tokens: number;
}

/** Atoms, bonds and tokens of molecules of a source. @throws UserError when none of them can be read */
export async function sizesIn(source: Source<MoleculeSample>): Promise<Sizes[]> {
  const vocabulary = smilesVocabulary(SHORTEST);
  const count = Math.min(PROBES, source.length);
  const indices = Array.from({ length: count }, (_, probe) => Math.floor((probe * source.length) / count));
  const reasons: string[] = [];
  // All at once, so that they go to RDKit in few messages.
  const read = await Promise.all(
    indices.map((index) =>
      source.read(index).catch((error: unknown) => {
        skipBroken(error);
        reasons.push(`${source.name(index)}: ${messageOf(error)}`);
        return undefined;
      }),
    ),
  );
  const sizes = read.flatMap((molecule) =>
    molecule && isMolecule(molecule)
      ? {
          nodes: molecule.graph.count,
          edges: molecule.graph.edges.length / 5,
          tokens: vocabulary.allTokens(molecule).length + 2,
        }
      : [],
  );
  if (sizes.length === 0) throw new UserError(`none of the molecules can be read; the first: ${reasons[0]}`);
  return sizes;
}

/** Sizes that nearly all molecules fit, and the input that the encoder reads. */
export async function inferMolecules(
  source: Source<MoleculeSample>,
  wanted?: Reads,
): Promise<Partial<MoleculeOptions>> {
  const sizes = await sizesIn(source);
  const isGraph = !wanted || reads({ reads: wanted }, { nodes: 2, edges: 2 });
  const { maxNodes: maxLength } = extents(
    sizes.map(({ tokens }) => ({ nodes: tokens, edges: 1 })),
    FITTING,
  );
  return { ...extents(sizes, FITTING), maxLength: Math.max(SHORTEST, maxLength), input: isGraph ? "graph" : "smiles" };
}

/** Says how many molecules the encoder does not see whole. */
export async function noteLarger(
  source: Source<MoleculeSample>,
  { input, maxNodes, maxEdges, maxLength }: MoleculeOptions,
  onNote: (note: string) => void,
): Promise<void> {
  const sizes = await sizesIn(source);
  const larger = sizes.filter(({ nodes, edges, tokens }) =>
    input === "graph" ? nodes > maxNodes || edges > maxEdges : tokens > maxLength,
  ).length;
  if (larger === 0) return;
  const [most, part] =
    input === "graph"
      ? [`${maxNodes} atoms or ${maxEdges} bonds`, "a connected part"]
      : [`${maxLength} tokens`, "the beginning"];
  onNote(`${larger} of ${sizes.length} molecules looked at have more than ${most}; of these the encoder sees ${part}`);
}
