import * as z from "zod";
import type { Graph } from "../../../data/graph.ts";
import type { Source } from "../../../data/source.ts";
import { BrokenSample, skipBroken } from "../../../foundation/errors.ts";
import { edgeCount } from "../../../graphs/columns.ts";
import { firstFit, joined, packedRoom } from "../../../graphs/packing.ts";
import { fitted } from "../../../graphs/padding.ts";
import type { GraphView } from "../molecule.ts";
import type { MoleculeOptions } from "../options.ts";
import { edgeSizes, nodeSizes } from "../rdkit/codes.ts";
import { mostOf } from "../rdkit/limits.ts";
import { moleculeSource } from "./source.ts";
import { type MoleculeIndex, openInputs } from "./store.ts";

const columns = { nodeSizes, edgeSizes, valueDim: 0 };

/** Molecules of which several make a sample; structured-cloneable. */
export interface PackedIndex {
  readonly kind: "packed molecules";
  readonly molecules: MoleculeIndex;
  /** Places of molecules, sample by sample, and where each sample begins; the end of the last. */
  readonly members: Int32Array;
  readonly starts: Int32Array;
}

export const isPackedIndex = (value: unknown): value is PackedIndex =>
  z.looseObject({ kind: z.literal("packed molecules") }).safeParse(value).success;

type Room = Pick<MoleculeOptions, "maxNodes" | "maxEdges">;

/** Chooses which molecules lie in a sample together, by what their texts tell of their sizes: none has to be parsed. */
export async function packMolecules(index: MoleculeIndex, options: Room): Promise<PackedIndex> {
  const inputs = openInputs(index);
  const sizes: { nodes: number; edges: number }[] = [];
  try {
    for (let at = 0; at < index.starts.length - 1; at++) {
      const { nodes, edges } = mostOf((await inputs.read(at)).input);
      sizes.push({ nodes: Math.min(nodes, options.maxNodes), edges: Math.min(edges, options.maxEdges) });
    }
  } finally {
    inputs.close();
  }
  const { maxNodes, maxEdges } = packedRoom(options);
  const samples = firstFit(sizes, { nodes: maxNodes, edges: maxEdges });
  const starts = new Int32Array(samples.length + 1);
  samples.forEach((members, at) => {
    starts[at + 1] = starts[at]! + members.length;
  });
  return { kind: "packed molecules", molecules: index, members: Int32Array.from(samples.flat()), starts };
}

/** Training samples of several molecules, of which no atom is connected with one of another. */
export function packedSource(index: PackedIndex, options: Room): Source<GraphView> {
  const { molecules, members, starts } = index;
  const source = moleculeSource(molecules);
  const room = packedRoom(options);
  return {
    length: starts.length - 1,
    name: (at) => source.name(members[starts[at]!]!),
    async read(at) {
      const read = await Promise.all(
        [...members.subarray(starts[at]!, starts[at + 1]!)].map((member) =>
          source.read(member).catch((error: unknown) => {
            skipBroken(error);
            return undefined;
          }),
        ),
      );
      const graphs: Graph[] = [];
      let [nodes, edges] = [0, 0];
      for (const molecule of read) {
        if (!molecule) continue;
        const graph = fitted(molecule.graph, { ...columns, ...options });
        nodes += graph.count;
        edges += edgeCount(graph, columns);
        // What a text tells is never less than what is there; if it were, a molecule would be left out here.
        if (nodes <= room.maxNodes && edges <= room.maxEdges) graphs.push(graph);
      }
      if (graphs.length === 0) throw new BrokenSample("none of the molecules of this sample can be read");
      return { graph: joined(graphs, columns), room };
    },
    contents: source.contents,
    manifest: index,
    close: source.close,
  };
}
