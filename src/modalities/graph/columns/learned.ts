import * as z from "zod";
import type { RunFiles } from "../../../data/modality.ts";
import { shortened } from "../../../foundation/printable.ts";

/** The file of the run that says what the attributes are. */
export const FILE = "attributes.json";

const name = z.string();
const finite = z.number();

/** One attribute that is read. */
const Attribute = z.discriminatedUnion("type", [
  z.object({ type: z.literal("number"), name, mean: finite, std: finite.positive() }),
  /** Numbers of edges, as which of several ranges they are in; the limits between these, rising. */
  z.object({ type: z.literal("range"), name, limits: z.array(finite).max(1000) }),
  z.object({
    type: z.literal("category"),
    name,
    categories: z.array(z.object({ value: z.string(), count: z.int().nonnegative() })).max(100_000),
  }),
  z.object({ type: z.literal("words"), name, words: z.array(z.string()).max(65_536) }),
  /** The number of neighbours, up to `most`. */
  z.object({ type: z.literal("degree"), name, most: z.int().positive() }),
]);
export type Attribute = z.infer<typeof Attribute>;

export const Learned = z.object({
  /** What the samples are. */
  samples: z.enum(["graphs", "nodes"]),
  nodes: z.array(Attribute).max(65_536),
  edges: z.array(Attribute).max(65_536),
  /** Of one large graph: nodes and edges that what surrounds a node has, in nearly all cases no more. */
  surroundings: z.object({ maxNodes: z.int().positive(), maxEdges: z.int().positive() }).optional(),
  leftOut: z.array(z.object({ name, why: z.string() })),
});
export type Learned = z.infer<typeof Learned>;

export const toFile = (learned: Learned): RunFiles => ({ [FILE]: `${JSON.stringify(learned)}\n` });

/** What a run learned of its graphs. */
export function learnedIn(files: RunFiles | undefined): Learned {
  const text = files?.[FILE];
  if (text === undefined) throw new Error(`no ${FILE}: what the attributes of graphs are is learned from the data`);
  return Learned.parse(JSON.parse(text));
}

/** Names in a message. */
const LISTED = 8;

/** Names of attributes in a message, and how many more there are. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, LISTED).map((one) => shortened(one));
  return `${some.join(", ")}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ""}`;
}
