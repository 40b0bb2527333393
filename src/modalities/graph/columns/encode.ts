import type { Graph } from "../../../data/graph.ts";
import { type GraphColumns, UNKNOWN } from "../../../graphs/columns.ts";
import { type Cells, type Column, cellAt, NOTHING, NUMBER, type RawGraph, type Words } from "../graph.ts";
import type { Attribute, Learned } from "./learned.ts";

/** Code of a column's first value. */
const FIRST = UNKNOWN + 1;
/** Numbers on the encoder's scale lie between these: an outlier must not drown all others. */
const FARTHEST = 10;

/** Graphs as an encoder reads them. */
export interface GraphEncoder extends GraphColumns {
  encode(graph: RawGraph): Graph;
}

const columnOf = (columns: readonly Column[], name: string): Column | undefined =>
  columns.find((column) => column.name === name);

/** Number of codes of an attribute; 0 of one that is numbers. */
function sizeOf(attribute: Attribute): number {
  switch (attribute.type) {
    case "category":
      return FIRST + attribute.categories.length;
    case "degree":
      return FIRST + attribute.most + 1;
    case "range":
      return FIRST + attribute.limits.length + 1;
    default:
      return 0;
  }
}

/** Codes of texts, by the columns that they are texts of: a store's columns are the same for all of its graphs. */
type Codes = WeakMap<readonly string[], Int32Array>;

/** A function from a column's row to its code. */
function coder(attribute: Attribute, known: Codes): (column: Cells, row: number) => number {
  if (attribute.type === "range") {
    const { limits } = attribute;
    return (column, row) => {
      const value = cellAt(column, row);
      if (typeof value !== "number") return UNKNOWN;
      const at = limits.findIndex((limit) => value < limit);
      return FIRST + (at < 0 ? limits.length : at);
    };
  }
  const categories = attribute.type === "category" ? attribute.categories : [];
  const places = new Map(categories.map(({ value }, at) => [value, FIRST + at]));
  return ({ codes, numbers, texts }, row) => {
    const code = codes[row] ?? NOTHING;
    if (code === NOTHING) return UNKNOWN;
    if (code === NUMBER) return places.get(String(numbers[row])) ?? UNKNOWN;
    let own = known.get(texts);
    if (!own || own.length < texts.length) {
      own = Int32Array.from(texts, (text) => places.get(text) ?? UNKNOWN);
      known.set(texts, own);
    }
    return own[code] ?? UNKNOWN;
  };
}

/**
 * Columns of codes that nodes or edges have, at least one: without an attribute of codes, one that says no more than that the
 * row is there.
 */
function codeColumns(attributes: readonly Attribute[]) {
  const coded = attributes.filter((attribute) => sizeOf(attribute) > 0);
  const columns = coded.map((attribute) => ({
    attribute,
    size: sizeOf(attribute),
    code: coder(attribute, new WeakMap()),
  }));
  return {
    sizes: columns.length > 0 ? columns.map(({ size }) => size) : [FIRST + 1],
    fill(into: Int32Array, offset: number, width: number, rows: readonly Column[], degrees: ArrayLike<number>): void {
      const count = into.length / width;
      if (columns.length === 0) for (let row = 0; row < count; row++) into[row * width + offset] = FIRST;
      for (const [at, { attribute, code }] of columns.entries()) {
        const column = columnOf(rows, attribute.name);
        for (let row = 0; row < count; row++)
          into[row * width + offset + at] =
            attribute.type === "degree"
              ? FIRST + Math.min(attribute.most, degrees[row] ?? 0)
              : column?.kind === "cells"
                ? code(column, row)
                : UNKNOWN;
      }
    },
  };
}

/** Columns of values that nodes have: a number each, and one for each word. */
function valueColumns(attributes: readonly Attribute[], words: "normalized" | "binary") {
  const widthOf = (attribute: Attribute) =>
    attribute.type === "number" ? 1 : attribute.type === "words" ? attribute.words.length : 0;
  const width = attributes.reduce((sum, attribute) => sum + widthOf(attribute), 0);
  const readers: ((column: Column, count: number, into: Float32Array) => void)[] = [];
  const names: string[] = [];
  let offset = 0;
  for (const attribute of attributes) {
    const start = offset;
    offset += widthOf(attribute);
    if (attribute.type === "number") {
      const { mean, std } = attribute;
      names.push(attribute.name);
      readers.push((column, count, into) => {
        for (let row = 0; row < count; row++) {
          const value = column.kind === "cells" ? cellAt(column, row) : undefined;
          if (typeof value === "number")
            into[row * width + start] = Math.max(-FARTHEST, Math.min(FARTHEST, (value - mean) / std));
        }
      });
    } else if (attribute.type === "words") {
      const places = new Map(attribute.words.map((word, at) => [word, at]));
      const known: Codes = new WeakMap();
      names.push(attribute.name);
      readers.push((column, count, into) => {
        const { starts, items, texts } = asWords(column, count);
        let own = known.get(texts);
        if (!own || own.length < texts.length) {
          own = Int32Array.from(texts, (text) => places.get(text) ?? NOTHING);
          known.set(texts, own);
        }
        for (let row = 0; row < count; row++) {
          const there = new Set<number>();
          for (let at = starts[row]!; at < starts[row + 1]!; at++) {
            const word = own[items[at]!] ?? NOTHING;
            if (word !== NOTHING) there.add(word);
          }
          const value = words === "binary" ? 1 : 1 / Math.sqrt(there.size);
          for (const word of there) into[row * width + start + word] = value;
        }
      });
    }
  }
  return {
    width,
    fill(into: Float32Array, rows: readonly Column[]): void {
      for (const [at, read] of readers.entries()) {
        const column = columnOf(rows, names[at]!);
        if (column) read(column, into.length / width, into);
      }
    },
  };
}

/** A column of lists; of single values, lists of one. */
function asWords(column: Column, count: number): Words {
  if (column.kind === "words") return column;
  const starts = new Int32Array(count + 1);
  const items: number[] = [];
  const texts: string[] = [];
  for (let row = 0; row < count; row++) {
    const cell = cellAt(column, row);
    if (cell !== undefined) items.push(texts.push(String(cell)) - 1);
    starts[row + 1] = items.length;
  }
  return { kind: "words", name: column.name, starts, items: Int32Array.from(items), texts };
}

/** Number of neighbours of each node. */
export function degreesIn({ count, links }: Pick<RawGraph, "count" | "links">): Float32Array {
  const degrees = new Float32Array(count);
  for (const place of links) degrees[place]! += 1;
  return degrees;
}

export function graphEncoder(
  { nodes, edges }: Pick<Learned, "nodes" | "edges">,
  words: "normalized" | "binary",
): GraphEncoder {
  const [nodeCodes, edgeCodes, nodeValues] = [codeColumns(nodes), codeColumns(edges), valueColumns(nodes, words)];
  const nodeWidth = nodeCodes.sizes.length;
  const edgeWidth = 2 + edgeCodes.sizes.length;
  return {
    nodeSizes: nodeCodes.sizes,
    edgeSizes: edgeCodes.sizes,
    valueDim: nodeValues.width,
    encode(graph) {
      const { count, links, place } = graph;
      const coded = new Int32Array(count * nodeWidth);
      nodeCodes.fill(coded, 0, nodeWidth, graph.nodes, place?.degrees ?? degreesIn(graph));
      const linked = new Int32Array((links.length / 2) * edgeWidth);
      for (let at = 0; at < links.length; at++) linked[(at >> 1) * edgeWidth + (at & 1)] = links[at]!;
      edgeCodes.fill(linked, 2, edgeWidth, graph.edges, []);
      if (nodeValues.width === 0) return { count, nodes: coded, edges: linked };
      const values = new Float32Array(count * nodeValues.width);
      nodeValues.fill(values, graph.nodes);
      return { count, nodes: coded, edges: linked, values };
    },
  };
}
