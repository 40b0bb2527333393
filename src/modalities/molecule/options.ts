import * as z from "zod";
import * as bounds from "../../foundation/bounds.ts";

/** How a view of a molecule as a graph is made. */
export const VIEWS = ["drop-atoms", "hide-atoms", "drop-bonds", "part"] as const;

const share = (value: number) => z.number().min(0).lt(1).default(value);

/** How molecules are read and augmented. */
export const MoleculeOptions = z.object({
  input: z
    .enum(["graph", "smiles"])
    .default("graph")
    .describe("what the encoder reads: atoms and bonds, or the tokens of a SMILES; by default what it can read"),
  maxNodes: bounds
    .count()
    .max(1000)
    .default(40)
    .describe("atoms that the encoder reads; of a larger molecule a connected part; by default 99 % are smaller"),
  maxEdges: bounds.count().max(2000).default(44).describe("the same for bonds"),
  pack: z
    .boolean()
    .default(false)
    .describe("several molecules in each training sample of a graph, for methods that learn from atoms and bonds"),
  maxLength: z
    .int()
    .min(8)
    .max(1024)
    .default(100)
    .describe("most tokens of a SMILES, two more than are read; by default 99 % are shorter"),
  randomSmiles: z
    .boolean()
    .default(false)
    .describe("train on another SMILES of each molecule in every epoch, and not on RDKit's canonical one"),
  compute: z
    .boolean()
    .default(false)
    .describe("have fingerprints and descriptors of every molecule computed once, for methods that predict them"),
  views: z
    .array(z.enum(VIEWS))
    .min(1)
    .max(VIEWS.length)
    .default(["drop-atoms", "part"])
    .describe("how a view of a graph may be made, one of these at random"),
  strength: share(0.2).describe("share of the atoms or bonds that a view lacks or hides (GraphCL)"),
  perturbation: share(0.05).describe("share of the atoms that are hidden in lightly changed views"),
  deletion: share(0.1).describe("share of the tokens of another SMILES that are deleted in a view"),
});

export type MoleculeOptions = z.infer<typeof MoleculeOptions>;
