import type { Graph, Pass } from "../graph.ts";
import { cse } from "./cse.ts";
import { dce } from "./dce.ts";
import { fold } from "./fold.ts";
import { gelu } from "./gelu.ts";
import { hoist } from "./hoist.ts";
import { inverse } from "./inverse.ts";
import { step } from "./step.ts";

const passes: readonly Pass[] = [hoist, fold, cse, dce];

/**
 * Applies the passes until nothing changes; then those that introduce the engine's own primitives, unknown to the
 * rest.
 */
export function simplify(graph: Graph): Graph {
  let before = graph;
  for (;;) {
    const after = passes.reduce((current, pass) => pass(current), before);
    if (after.equations.length === before.equations.length) return dce(step(gelu(inverse(after))));
    before = after;
  }
}
