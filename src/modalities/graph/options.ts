import * as z from "zod";

const names = z.array(z.string().min(1).max(1000)).max(10_000).default([]);
const share = z.number().min(0).max(1);
const shares = z.union([share, z.array(share).min(1).max(1000)]);

/** How graphs are read and augmented. */
export const GraphOptions = z.object({
  maxNodes: z
    .int()
    .min(1)
    .max(65_536)
    .optional()
    .describe("nodes of a graph that the encoder reads; by default so many that 99 % of the graphs have no more"),
  maxEdges: z.int().min(1).max(1_048_576).optional().describe("the same of edges"),
  leaveOut: names.describe("attributes of nodes and edges that are not read, by name"),
  categories: names.describe("attributes whose numbers are names"),
  numbers: names.describe("attributes that are numbers, whatever else is in them"),
  mostCategories: z
    .int()
    .min(2)
    .max(100_000)
    .default(1000)
    .describe("categories of an attribute, the most frequent; others are read as unknown"),
  mostWords: z
    .int()
    .min(1)
    .max(65_536)
    .default(4096)
    .describe("words of an attribute that is a list of them, the most frequent; others are not read"),
  words: z
    .enum(["normalized", "binary"])
    .default("normalized")
    .describe("words of a node as a vector of length 1, or each 1"),
  degree: z
    .enum(["auto", "yes", "no"])
    .default("auto")
    .describe("the number of neighbours as an attribute: by default where nodes have no other"),
  mostNeighbours: z
    .int()
    .min(1)
    .max(10_000)
    .default(128)
    .describe("number of neighbours that is read; more are read as so many"),
  attributesFrom: z
    .string()
    .optional()
    .describe(
      "the attributes.json of another run, to read graphs as it does; by default they are learned from the data",
    ),
  pack: z.boolean().default(false).describe("several graphs in one training sample, for methods that learn from nodes"),
  augmentations: z
    .array(z.enum(["nodes", "edges", "attributes", "subgraph"]))
    .min(1)
    .max(4)
    .default(["nodes", "edges", "attributes", "subgraph"])
    .describe("what views of whole graphs may lack, one of them each: nodes, edges, attributes, all but a part"),
  strength: share.default(0.2).describe("share of nodes, edges or attributes that such a view lacks"),
  dropEdges: shares
    .default([0.2, 0.4])
    .describe("share of edges that views of one large graph lack, or one for each view"),
  hideColumns: shares
    .default([0.3, 0.4])
    .describe("share of the columns of words and numbers that views of one large graph lack"),
  hideNodes: shares.default(0).describe("share of the nodes whose attributes views of one large graph lack"),
  perturbation: share.default(0.1).describe("share of edges that lightly changed views lack"),
  samples: z
    .enum(["graph", "nodes"])
    .default("graph")
    .describe(
      "of one large graph, what training samples are: the graph or large parts of it, or each node with its surroundings",
    ),
  hops: z
    .int()
    .min(0)
    .max(20)
    .default(2)
    .describe("of one large graph, how far from a node its vector depends on others: the encoder's depth"),
  trainNodes: z
    .int()
    .min(16)
    .max(65_536)
    .default(4096)
    .describe("of one large graph, nodes in a training sample; a graph of no more is one sample"),
});

export type GraphOptions = z.infer<typeof GraphOptions>;
