import { linesOf } from "../../../data/tables/lines.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { broken, type Found, GraphBuilder } from "./builder.ts";

/** Whether a line is of whole numbers, and of how many. */
const wholesIn = (text: string): number[] | undefined => {
  const numbers = text.trim().split(/\s+/).map(Number);
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
};

/** Whether the beginning of a text may be a set: the number of graphs, then a graph's number of nodes and label. */
export function isOneText(start: string): boolean {
  const [count = "", first = "", node = ""] = start.split(/\r?\n/);
  const [sizes, values] = [wholesIn(first), node.trim().split(/\s+/).map(Number)];
  return (
    /^\d+$/.test(count.trim()) &&
    sizes?.length === 2 &&
    sizes[0]! > 0 &&
    values.length >= 2 &&
    values.every(Number.isFinite) &&
    values.length >= 2 + values[1]!
  );
}

/**
 * The graphs of a set in one text, as powerful-gnns and DGCNN have them (https://github.com/weihua916/powerful-gnns): the number of graphs; of each
 * the number of its nodes and its label; and of each node its label, the number of its neighbours, their places, and
 * perhaps numbers. What the counts say is only believed where the lines agree.
 * @throws UserError when it is not UTF-8; BrokenSample when it has no graph
 */
export async function readOneText(path: string, name: string): Promise<{ found: Found[]; note?: string }> {
  const found: Found[] = [];
  let said: number | undefined;
  let graph: { builder: GraphBuilder; left: number; edges: [number, number[]][]; name: string } | undefined;
  const end = () => {
    if (!graph) return;
    const { builder, edges } = graph;
    for (const [from, places] of edges)
      for (const to of places) {
        if (!Number.isInteger(to) || to < 0 || to >= builder.count)
          throw new BrokenSample(`${graph.name}: node ${from} has the neighbour ${to}, and there are ${builder.count}`);
        builder.edge(from, to);
      }
    found.push(builder.end(graph.name));
    graph = undefined;
  };
  try {
    for await (const lines of linesOf(path))
      for (const { bytes, number } of lines) {
        const values = bytes.toString("utf8").trim().split(/\s+/).map(Number);
        if (!values.every(Number.isFinite)) throw new BrokenSample(`line ${number} is not of numbers`);
        if (said === undefined) {
          [said] = values;
          if (values.length !== 1) throw new BrokenSample("the first line is not the number of graphs");
        } else if (!graph) {
          const [count = 0, label = 0] = values;
          if (values.length !== 2 || !Number.isSafeInteger(count) || count < 1)
            throw new BrokenSample(`line ${number}: not a graph's number of nodes and its label`);
          graph = { builder: new GraphBuilder(true), left: count, edges: [], name: `${name}:${found.length + 1}` };
          graph.builder.label = String(label);
        } else {
          const [tag = 0, degree = -1, ...others] = values;
          if (!Number.isSafeInteger(degree) || degree < 0 || others.length < degree)
            throw new BrokenSample(`line ${number}: ${others.length} neighbours, and it says ${degree}`);
          const attributes = others.slice(degree).map((value, at) => [`attribute ${at + 1}`, value] as const);
          const place = graph.builder.node(String(graph.builder.count), [["node label", String(tag)], ...attributes]);
          graph.edges.push([place, others.slice(0, degree)]);
          if (--graph.left === 0) end();
        }
      }
    if (graph) throw new BrokenSample(`${graph.name}: ${graph.left} of its nodes are missing`);
  } catch (error) {
    // The graphs before it are whole.
    if (!(error instanceof BrokenSample) || found.length === 0) throw error;
    found.push(broken(`${name}:${found.length + 1}`, error.message));
  }
  if (found.length === 0) throw new BrokenSample("no graphs in it");
  const note = said === found.length ? undefined : `${path}: says that it has ${said} graphs, and has ${found.length}`;
  return { found, ...(note === undefined ? {} : { note }) };
}
