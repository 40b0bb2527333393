import { cellsOf } from "../../../data/tables/cells.ts";
import { endsIn } from "../../../data/tables/edges.ts";
import { tableFormatOf } from "../../../data/tables/rows.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type Found, GraphBuilder } from "./builder.ts";
import { valueOf } from "./cells.ts";
import type { Value } from "./values.ts";

/** What the column of a node's name is called; else it is the first. */
const IDS = ["id", "node", "node_id", "nodeid", "key", "name", "1"];

const textIn = (value: Value): string | undefined =>
  value === undefined || typeof value === "object" ? undefined : String(value);

/**
 * A graph from a table of edges, and perhaps one of nodes.
 * @throws UserError when a table cannot be read; BrokenSample when it is not one of edges, or of nodes
 */
export async function readEdgeList(name: string, edges: string, nodes?: string): Promise<Found> {
  const builder = new GraphBuilder();
  if (nodes !== undefined) await readNodes(builder, nodes);
  const listed = builder.count;
  let places: ReturnType<typeof endsIn>;
  for await (const { columns, rows } of cellsOf(edges, tableFormatOf(edges) ?? "csv")) {
    places ??= endsIn(columns);
    if (!places)
      throw new BrokenSample(
        `no columns source and target; there are: ${columns
          .slice(0, 8)
          .map((column) => shortened(column))
          .join(", ")}`,
      );
    const { source: from, target: to } = places;
    for (const { cells, line } of rows) {
      const [source, target] = [textIn(valueOf(cells[from])), textIn(valueOf(cells[to]))];
      if (source === undefined || target === undefined)
        throw new BrokenSample(`line ${line}: an edge without two ends`);
      builder.edge(
        builder.named(source),
        builder.named(target),
        columns.flatMap((column, at) => (at === from || at === to ? [] : [[column, valueOf(cells[at])] as const])),
      );
    }
  }
  if (nodes !== undefined && listed > 0 && builder.count - listed > listed)
    throw new BrokenSample("most ends of edges are not among the nodes; do both tables name them alike?");
  return builder.end(name);
}

async function readNodes(builder: GraphBuilder, path: string): Promise<void> {
  for await (const { columns, rows } of cellsOf(path, tableFormatOf(path) ?? "csv")) {
    const lower = columns.map((column) => column.trim().toLowerCase());
    const id = Math.max(0, lower.indexOf(IDS.find((one) => lower.includes(one)) ?? ""));
    for (const { cells, line } of rows) {
      const node = textIn(valueOf(cells[id]));
      if (node === undefined) throw new BrokenSample(`nodes, line ${line}: a node without a name`);
      builder.node(
        node,
        columns.flatMap((column, at) => (at === id ? [] : [[column, valueOf(cells[at])] as const])),
      );
    }
  }
}
