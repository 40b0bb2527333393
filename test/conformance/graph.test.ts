import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { graph } from "../../src/modalities/graph/index.ts";
import { communities, writeGraphs } from "../fixtures/graphs.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

const refused = {
  autoencoder: /reads one tensor of channels and 1 to 3 axes.*this data has none/,
  "context-encoder": /works on images/,
};
const file = new URL("../../src/modalities/graph/index.ts", import.meta.url);

conform(graph, async (folder) => {
  const [data, broken] = [join(folder, "graphs"), join(folder, "broken")];
  await writeGraphs(data, 16);
  await writeGraphs(broken, 2);
  await writeFile(join(broken, "chain", "00.json"), '{"nodes": [{}], "links": [{"source": 0, "target": 1}]}');
  return { file, data, broken, refused, others: await writeOthers(folder, "graph") };
});

// The nodes of one large graph.
conform(graph, async (folder) => {
  const [data, broken] = [join(folder, "nodes"), join(folder, "broken")];
  const { nodes, edges } = communities(24);
  await mkdir(data);
  await writeFile(join(data, "nodes.csv"), nodes);
  await writeFile(join(data, "edges.csv"), edges);
  await writeGraphs(broken, 2);
  await writeFile(join(broken, "chain", "00.json"), "{");
  return {
    ...{ file, data, broken, others: await writeOthers(folder, "graph") },
    refused: {
      ...refused,
      "attribute-masking": /attribute 0 is the same for all nodes/,
      infograph: /this data is one graph.*--method dgi/,
    },
    // Each with its surroundings, as for embedding: the suite's batches are of entries.
    options: { samples: "nodes" },
  };
});
