/** Whole graphs that mutants are made of. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { communities, GRAPHML, nodeLink, tu } from "../../test/fixtures/graphs.ts";
import type { Lab } from "./seeds.ts";

const ofText =
  (...texts: readonly string[]) =>
  async (): Promise<Buffer[]> =>
    texts.map((text) => Buffer.from(text));

const graphs = Array.from({ length: 6 }, (_, at) => nodeLink(at % 2 ? "ring" : "chain", at));
const whole = GRAPHML.slice(GRAPHML.indexOf("  <graph id"), GRAPHML.indexOf("</graphml>"));

export const graphmls = ofText(GRAPHML, GRAPHML.replace("</graphml>", `${whole}</graphml>`));
export const nodeLinks = ofText(JSON.stringify(graphs[0]), JSON.stringify(graphs));
export const graphLines = ofText(graphs.map((graph) => `${JSON.stringify(graph)}\n`).join(""));
export const edgeLists = ofText(communities(12).edges);

/** Rings as powerful-gnns has them. */
export const oneTexts = ofText(
  `3\n${[3, 4, 5]
    .map(
      (size) =>
        `${size} ${size % 2}\n${Array.from({ length: size }, (_, at) => `${at % 2} 2 ${(at + 1) % size} ${(at + size - 1) % size}\n`).join("")}`,
    )
    .join("")}`,
);

const set = tu("T");
export const adjacencies = ofText(set["T_A.txt"]!);
export const indicators = ofText(set["T_graph_indicator.txt"]!);

/** The set's other files. */
export const tuFolder = (lab: Lab): Promise<string> =>
  lab.make("tu", async (folder) => {
    for (const [name, content] of Object.entries(set)) await writeFile(join(folder, name), content);
  });

/** The table of nodes beside the edges. */
export const nodesFolder = (lab: Lab): Promise<string> =>
  lab.make("nodes", (folder) => writeFile(join(folder, "nodes.csv"), communities(12).nodes));
