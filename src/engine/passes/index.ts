import type { Graph, Pass } from "../graph.ts";
import { cse } from "./cse.ts";
import { dce } from "./dce.ts";
import { fold } from "./fold.ts";

const passes: readonly Pass[] = [fold, cse, dce];

/** Applies the passes until they find nothing more. */
export function simplify(graph: Graph): Graph {
  let before = graph;
  for (;;) {
    const after = passes.reduce((current, pass) => pass(current), before);
    if (after.equations.length === before.equations.length) return after;
    before = after;
  }
}
