import { createHash } from "node:crypto";
import * as z from "zod";
import type { LeftOut } from "../../../data/files/left-out.ts";
import { labelsOf } from "../../../data/labels.ts";
import { int32Column } from "../../../data/tables/growing.ts";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type Cells, type Column, cellAt, type RawGraph, rowsFrom } from "../graph.ts";
import type { Found } from "./builder.ts";
import { type Value, Values } from "./values.ts";

/** One graph of a store. */
export interface Entry {
  readonly name: string;
  readonly label?: string;
  readonly broken?: string;
}

/** All graphs of a source, in memory that threads share; structured-cloneable. */
export interface GraphStore {
  readonly kind: "graphs";
  readonly graphs: readonly Entry[];
  /** `[graphs + 1]`: nodes of graph i are rows `nodeStarts[i]` to `nodeStarts[i + 1]`; edges likewise. */
  readonly nodeStarts: Int32Array;
  readonly edgeStarts: Int32Array;
  /** `[2 · edges]`: places in their graph. */
  readonly links: Int32Array;
  readonly nodes: readonly Column[];
  readonly edges: readonly Column[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** One large graph whose nodes are the samples. */
export interface NodeStore extends Omit<GraphStore, "kind"> {
  readonly kind: "nodes";
  readonly ids: readonly string[];
  readonly classes?: readonly string[];
  readonly labels?: Int32Array;
  /** The part of the data that each node is in: train, validation, test. */
  readonly split?: Cells;
}

export const isGraphStore = (value: unknown): value is GraphStore =>
  z.looseObject({ kind: z.literal("graphs") }).safeParse(value).success;
export const isNodeStore = (value: unknown): value is NodeStore =>
  z.looseObject({ kind: z.literal("nodes") }).safeParse(value).success;

/** Nodes, and edges, of all graphs together that fit. */
const MOST_ROWS = 2 ** 28;
/** Columns in a message. */
const LISTED = 8;

/** Collects graphs. */
export class GraphCollector {
  readonly #graphs: Entry[] = [];
  readonly #nodes = new Map<string, Values>();
  readonly #edges = new Map<string, Values>();
  readonly #links = int32Column();
  readonly #nodeStarts = int32Column();
  readonly #edgeStarts = int32Column();
  #nodeCount = 0;
  /** Of the graph that was added last and is not broken. */
  ids: readonly string[] = [];
  #loops = 0;
  #repeats = 0;

  get count(): number {
    return this.#graphs.length;
  }

  /** Graphs that can be read. */
  get whole(): number {
    return this.#graphs.filter(({ broken }) => broken === undefined).length;
  }

  /** @throws UserError when all of them do not fit into memory */
  add(found: Found): void {
    const { name, label, broken, count, ids, links, nodes, edges } = found;
    this.#graphs.push({
      name,
      ...(label === undefined ? {} : { label }),
      ...(broken === undefined ? {} : { broken }),
    });
    this.#nodeStarts.push(this.#nodeCount);
    this.#edgeStarts.push(this.#links.length / 2);
    if (broken !== undefined) return;
    if (this.#nodeCount + count > MOST_ROWS || this.#links.length + links.length > 2 * MOST_ROWS)
      throw new UserError(
        `more than ${MOST_ROWS.toLocaleString("en")} nodes or edges, which do not fit into memory; take fewer graphs`,
      );
    put(this.#nodes, nodes, this.#nodeCount);
    put(this.#edges, edges, this.#links.length / 2);
    for (const place of links) this.#links.push(place);
    this.#nodeCount += count;
    this.ids = ids;
    this.#loops += found.loops;
    this.#repeats += found.repeats;
  }

  end(leftOut: readonly LeftOut[], notes: readonly string[]): GraphStore {
    this.#nodeStarts.push(this.#nodeCount);
    this.#edgeStarts.push(this.#links.length / 2);
    const columns = (all: ReadonlyMap<string, Values>, rows: number) =>
      [...all.values()].flatMap((one) => one.end(rows));
    const count = (number: number, what: string) => (number > 0 ? [`${number.toLocaleString("en")} ${what}`] : []);
    const left = [
      ...count(this.#loops, "loops (edges from a node to itself)"),
      ...count(this.#repeats, "edges that were there already, or lead back"),
    ];
    const [nodes, edges] = [columns(this.#nodes, this.#nodeCount), columns(this.#edges, this.#links.length / 2)];
    const free = [...this.#nodes.values(), ...this.#edges.values()].filter(({ isFree }) => isFree);
    return {
      kind: "graphs",
      graphs: this.#graphs,
      nodeStarts: this.#nodeStarts.shared(),
      edgeStarts: this.#edgeStarts.shared(),
      links: this.#links.shared(),
      ...{ nodes, edges, leftOut },
      notes: [
        ...notes,
        ...(left.length > 0 ? [`edges have no direction here and are read once; left out: ${left.join(", ")}`] : []),
        ...(free.length > 0
          ? [
              `too many different texts in ${free
                .slice(0, LISTED)
                .map(({ name }) => `"${shortened(name)}"`)
                .join(", ")}; not read`,
            ]
          : []),
      ],
    };
  }
}

function put(into: Map<string, Values>, columns: ReadonlyMap<string, readonly Value[]>, start: number): void {
  for (const [name, values] of columns) {
    let column = into.get(name);
    if (!column) {
      column = new Values(name);
      into.set(name, column);
    }
    for (const [row, value] of values.entries()) if (value !== undefined) column.put(start + row, value);
  }
}

/** A graph of the store. @throws BrokenSample when it cannot be read */
export function graphAt(
  { graphs, nodeStarts, edgeStarts, links, nodes, edges }: Omit<GraphStore, "kind">,
  index: number,
): RawGraph {
  const { broken } = graphs[index]!;
  if (broken !== undefined) throw new BrokenSample(broken);
  const [start, end] = [nodeStarts[index]!, nodeStarts[index + 1]!];
  const [first, last] = [edgeStarts[index]!, edgeStarts[index + 1]!];
  return {
    count: end - start,
    links: links.subarray(2 * first, 2 * last),
    nodes: nodes.map((column) => rowsFrom(column, start, end)),
    edges: edges.map((column) => rowsFrom(column, first, last)),
  };
}

/** Columns of nodes that are no attributes. */
const LABEL = "label";
export const SPLIT = "split";

/**
 * The store of one graph, as one whose nodes are the samples.
 * @param labelColumn of the nodes
 * @throws UserError when they have no such column
 */
export function nodesOf(store: GraphStore, ids: readonly string[], labelColumn: string | undefined): NodeStore {
  const named = (name: string) => store.nodes.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const label = named(labelColumn ?? LABEL);
  if (labelColumn !== undefined && !label)
    throw new UserError(
      `the nodes have no column "${shortened(labelColumn)}"; there are: ${store.nodes
        .map(({ name }) => shortened(name))
        .slice(0, LISTED)
        .join(", ")}; name one with --label-column`,
    );
  const split = named(SPLIT);
  const labels =
    label &&
    labelsOf(
      Array.from({ length: ids.length }, (_, row) => {
        const cell = label.kind === "cells" ? cellAt(label, row) : undefined;
        return cell === undefined ? undefined : String(cell);
      }),
    );
  return {
    ...store,
    kind: "nodes",
    nodes: store.nodes.filter((column) => column !== label && column !== split),
    ids,
    ...(labels ?? {}),
    ...(split?.kind === "cells" ? { split } : {}),
  };
}

export function digestOf({ graphs, nodeStarts, edgeStarts, links, nodes, edges }: Omit<GraphStore, "kind">): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(graphs)).update(nodeStarts).update(edgeStarts).update(links);
  for (const column of [...nodes, ...edges]) {
    hash.update(JSON.stringify([column.name, column.texts]));
    if (column.kind === "cells") hash.update(column.codes).update(column.numbers);
    else hash.update(column.starts).update(column.items);
  }
  return hash.digest("hex").slice(0, 16);
}
