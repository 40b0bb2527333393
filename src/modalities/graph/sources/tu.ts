import { linesOf } from "../../../data/tables/lines.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type Found, GraphBuilder } from "./builder.ts";
import type { Value } from "./values.ts";

/** Files of a set of TU Dortmund's collection, behind the set's name: https://chrsmrrs.github.io/datasets/docs/format/ */
export const PARTS = [
  "A",
  "graph_indicator",
  "graph_labels",
  "node_labels",
  "edge_labels",
  "node_attributes",
  "edge_attributes",
] as const;
export type Part = (typeof PARTS)[number];

const NAME = new RegExp(`^(?:.*/)?([^/]*)_(${PARTS.join("|")})\\.txt(?:\\.gz)?$`);

/** The set and the part that a file's name says; undefined for other files. */
export function partOf(name: string): { readonly set: string; readonly part: Part } | undefined {
  const [, , part] = NAME.exec(name) ?? [];
  const found = PARTS.find((one) => one === part);
  return found && { set: name.replace(new RegExp(`_${found}\\.txt(\\.gz)?$`), ""), part: found };
}

/** Lines of numbers, separated by commas or blanks. */
async function* rowsOf(path: string, part: Part): AsyncGenerator<{ numbers: number[]; line: number }> {
  for await (const lines of linesOf(path))
    for (const { bytes, number } of lines) {
      const text = bytes.toString("utf8").trim();
      const numbers = text.split(/[\s,;]+/).map(Number);
      if (!numbers.every(Number.isFinite))
        throw new BrokenSample(`${part}, line ${number}: "${shortened(text)}" is not of numbers`);
      yield { numbers, line: number };
    }
}

/** The values of a part: labels as names, attributes as numbers, a column for each. */
interface Values {
  readonly part: Part;
  readonly columns: readonly (readonly [name: string, values: readonly Value[]])[];
  /** Number of lines. */
  readonly rows: number;
}

/** @returns undefined of a part that is not there */
async function valuesOf(path: string | undefined, part: Part, what: string): Promise<Values | undefined> {
  if (path === undefined) return undefined;
  const columns: [string, Value[]][] = [];
  const isLabel = part.endsWith("labels");
  let row = 0;
  for await (const { numbers } of rowsOf(path, part)) {
    for (const [at, value] of numbers.entries()) {
      columns[at] ??= [at === 0 && isLabel ? what : `${what} ${at + 1}`, []];
      columns[at][1][row] = isLabel ? String(value) : value;
    }
    row++;
  }
  return { part, columns, rows: row };
}

const given = (...all: (Values | undefined)[]): Values[] => all.filter((one) => one !== undefined);

/** What a row has, by column. */
const cellsAt = (all: readonly Values[], row: number) =>
  all.flatMap(({ columns }) => columns.map(([column, values]) => [column, values[row]] as const));

/** @throws BrokenSample when a part has not a line for each, as one that was cut off */
function requireRows(all: readonly Values[], expected: number, what: string): void {
  for (const { part, rows } of all)
    if (rows !== expected)
      throw new BrokenSample(
        `${part}: the number of lines is ${rows.toLocaleString("en")}, that of ${what} ${expected.toLocaleString("en")}`,
      );
}

/**
 * The graphs of a set.
 * @param paths of its parts
 * @throws BrokenSample when its parts do not fit together
 */
export async function readTu(name: string, paths: Partial<Readonly<Record<Part, string>>>): Promise<Found[]> {
  const { A: adjacency, graph_indicator: indicator } = paths;
  if (adjacency === undefined || indicator === undefined)
    throw new BrokenSample(
      `no ${adjacency === undefined ? "_A" : "_graph_indicator"}.txt beside the set's other files`,
    );
  const graphs = new Map<number, GraphBuilder>();
  const owners: GraphBuilder[] = [];
  const places: number[] = [];
  const nodes = given(
    await valuesOf(paths.node_labels, "node_labels", "node label"),
    await valuesOf(paths.node_attributes, "node_attributes", "attribute"),
  );
  for await (const { numbers, line } of rowsOf(indicator, "graph_indicator")) {
    const [graph = 0] = numbers;
    if (numbers.length !== 1 || !Number.isSafeInteger(graph))
      throw new BrokenSample(`graph_indicator, line ${line}: not the number of a graph`);
    let builder = graphs.get(graph);
    if (!builder) {
      builder = new GraphBuilder(true);
      graphs.set(graph, builder);
    }
    const row = owners.length;
    places.push(builder.node(String(row + 1), cellsAt(nodes, row)));
    owners.push(builder);
  }
  requireRows(nodes, owners.length, "nodes");
  const edges = given(
    await valuesOf(paths.edge_labels, "edge_labels", "edge label"),
    await valuesOf(paths.edge_attributes, "edge_attributes", "edge attribute"),
  );
  let row = 0;
  for await (const { numbers, line } of rowsOf(adjacency, "A")) {
    const [from = 0, to = 0] = numbers;
    const owner = owners[from - 1];
    if (numbers.length !== 2 || !owner || !owners[to - 1])
      throw new BrokenSample(`A, line ${line}: not two of the ${owners.length.toLocaleString("en")} nodes`);
    if (owner !== owners[to - 1]) throw new BrokenSample(`A, line ${line}: an edge between two graphs`);
    owner.edge(places[from - 1]!, places[to - 1]!, cellsAt(edges, row++));
  }
  requireRows(edges, row, "edges");
  const labels = await valuesOf(paths.graph_labels, "graph_labels", "label");
  // There may be more: of graphs without nodes.
  const last = [...graphs.keys()].reduce((greatest, graph) => Math.max(greatest, graph), 0);
  if (labels && labels.rows < last) requireRows([labels], last, "graphs");
  return [...graphs]
    .sort(([one], [other]) => one - other)
    .map(([graph, builder]) => {
      const label = labels?.columns[0]?.[1][graph - 1];
      builder.label = label === undefined ? undefined : String(label);
      return builder.end(`${name}:${graph}`);
    });
}
