import * as z from "zod";
import { LABEL_COLUMN } from "../../../data/tables/columns.ts";
import { adviceFor, firstCharacter } from "../../../data/tables/json.ts";
import { linesOf } from "../../../data/tables/lines.ts";
import { utf8Chunks } from "../../../data/tables/utf8.ts";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { parseJson, parseTornJson } from "../../../foundation/json.ts";
import { shortened } from "../../../foundation/printable.ts";
import { broken, type Found, GraphBuilder } from "./builder.ts";
import { labelIn, valueIn } from "./cells.ts";
import type { Value } from "./values.ts";

/** Largest file in bytes, since it is held in memory as a whole; lines may be of any number. */
const LARGEST = 1 << 28;

const Attributes = z.record(z.string(), z.unknown());
const Id = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** NetworkX's node-link data, Graphology's, d3's and Cytoscape's, which differ in names alone. */
const Node = z.looseObject({ attributes: Attributes.optional(), data: Attributes.optional() });
const End = z.union([Id, z.looseObject({ id: Id }).transform(({ id }) => id)]);
const Lists = z.looseObject({
  nodes: z.array(Node),
  links: z.array(Node).optional(),
  edges: z.array(Node).optional(),
});
const Whole = z.looseObject({
  graph: Attributes.optional().catch(undefined),
  attributes: Attributes.optional().catch(undefined),
  elements: Lists.optional(),
});

const [NODE, EDGE] = [
  ["id", "key", "attributes", "data"],
  ["source", "target", "id", "key", "attributes", "data", "undirected"],
];

/** Whether a value of JSON is a graph. */
export const isGraphJson = (value: unknown): boolean => {
  const lists = z.looseObject({ elements: z.unknown() }).safeParse(value).data?.elements ?? value;
  const { nodes, links, edges } = z.looseObject({}).safeParse(lists).data ?? {};
  return Array.isArray(nodes) && (Array.isArray(links) || Array.isArray(edges));
};

/** A graph from a value of JSON. @param labelColumn the graph's attribute that is its label @throws BrokenSample when it is none */
export function graphInJson(value: unknown, name: string, labelColumn = LABEL_COLUMN): Found {
  const whole = Whole.safeParse(value);
  const lists = Lists.safeParse(whole.data?.elements ?? value);
  if (!whole.success || !lists.success) {
    const [issue] = (whole.error ?? lists.error)?.issues ?? [];
    throw new BrokenSample(
      `not a graph as JSON: {"nodes": [{"id": …}], "links": [{"source": …, "target": …}]} (${shortened(issue?.path.join(".") || "whole", 60)}: ${issue?.message})`,
    );
  }
  const { nodes, links, edges } = lists.data;
  const builder = new GraphBuilder();
  for (const [at, node] of nodes.entries()) {
    const own = { ...node, ...node.attributes, ...node.data };
    const id = Id.safeParse(own.id ?? node.key ?? at);
    if (!id.success) throw new BrokenSample(`node ${at} has no name that is a text or a number`);
    builder.node(id.data, attributesOf(own, NODE));
  }
  for (const [at, edge] of (links ?? edges ?? []).entries()) {
    const own = { ...edge, ...edge.attributes, ...edge.data };
    const [from, to] = [own.source, own.target].map((end) => {
      const id = End.safeParse(end);
      if (!id.success) throw new BrokenSample(`edge ${at} has no source and target`);
      const place = builder.placeOf(id.data);
      if (place === undefined)
        throw new BrokenSample(`edge ${at} names the node "${shortened(id.data)}", which is not among the nodes`);
      return place;
    });
    builder.edge(from!, to!, attributesOf(own, EDGE));
  }
  const { graph, attributes } = whole.data;
  builder.label = labelIn(graph?.[labelColumn] ?? attributes?.[labelColumn] ?? whole.data[labelColumn]);
  return builder.end(name);
}

const attributesOf = (own: Readonly<Record<string, unknown>>, without: readonly string[]): [string, Value][] =>
  Object.entries(own).flatMap(([column, value]): [string, Value][] =>
    without.includes(column) ? [] : [[column, valueIn(value)]],
  );

/**
 * The graphs of a file: one object, an array of them, or one a line.
 * @throws UserError when it is not JSON; BrokenSample when it is one object that is no graph
 */
export async function* readJson(path: string, name: string, labelColumn: string): AsyncGenerator<Found> {
  const found = (value: unknown, at: number | undefined): Found => {
    const own = at === undefined ? name : `${name}:${at}`;
    try {
      return graphInJson(value, own, labelColumn);
    } catch (error) {
      if (at === undefined || !(error instanceof BrokenSample)) throw error;
      return broken(own, error.message);
    }
  };
  if ((await firstCharacter(path)) === "") throw new BrokenSample("it is empty");
  if (await isLines(path)) {
    for await (const lines of linesOf(path))
      for (const { bytes, number } of lines) {
        const text = bytes.toString("utf8");
        const value = parseTornJson(text);
        yield value === undefined ? broken(`${name}:${number}`, whyNot(text)) : found(value, number);
      }
    return;
  }
  const parts: Buffer[] = [];
  let length = 0;
  for await (const { bytes } of utf8Chunks(path)) {
    length += bytes.length;
    if (length > LARGEST)
      throw new UserError(
        `${path}: more than ${LARGEST >> 20} MiB of JSON; write one graph a line, or a table of edges`,
      );
    parts.push(bytes);
  }
  const text = Buffer.concat(parts).toString("utf8");
  const value = parseJson(text, path, adviceFor(text));
  if (Array.isArray(value)) for (const [at, one] of value.entries()) yield found(one, at + 1);
  else yield found(value, undefined);
}

function whyNot(text: string): string {
  try {
    parseJson(text, "the line", adviceFor(text));
  } catch (error) {
    return messageOf(error).replace("the line: ", "");
  }
  return "not JSON";
}

/** Whether a file is one of lines by its name, or its first two lines are objects by themselves. */
async function isLines(path: string): Promise<boolean> {
  if (/\.(jsonl|ndjson)(\.gz)?$/i.test(path)) return true;
  const isObject = (text: string) => z.looseObject({}).safeParse(parseTornJson(text)).success;
  let seen = 0;
  try {
    for await (const lines of linesOf(path))
      for (const { bytes } of lines) {
        if (!isObject(bytes.toString("utf8"))) return false;
        if (++seen === 2) return true;
      }
  } catch (error) {
    // One line that is too long for a line: a whole file.
    if (!(error instanceof UserError)) throw error;
  }
  return false;
}
