import { BrokenSample } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import type { Value } from "./values.ts";

/** A graph that is read, or the reason why it cannot be. */
export interface Found {
  readonly name: string;
  readonly label?: string | undefined;
  readonly broken?: string;
  readonly count: number;
  /** Names of the nodes, where they have some. */
  readonly ids: readonly string[];
  /** Two places of each edge. */
  readonly links: readonly number[];
  /** Values of nodes and of edges by column; shorter than their number where the last have none. */
  readonly nodes: ReadonlyMap<string, readonly Value[]>;
  readonly edges: ReadonlyMap<string, readonly Value[]>;
  /** What was left out: loops, edges that were there already. */
  readonly loops: number;
  readonly repeats: number;
}

/** A graph that cannot be read. */
export const broken = (name: string, reason: string): Found => ({
  ...{ name, broken: reason, count: 0, ids: [], links: [], nodes: new Map(), edges: new Map(), loops: 0, repeats: 0 },
});

/** Nodes and edges of one graph that fit into a set; columns that are read. */
const MOST = 1 << 24;
const MOST_COLUMNS = 10_000;

type Cells = Iterable<readonly [column: string, value: Value]>;

/** Puts a graph together, from files that may say anything. */
export class GraphBuilder {
  readonly #ids: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #isListed: boolean[] = [];
  readonly #links: number[] = [];
  readonly #seen = new Set<number>();
  readonly #nodes = new Map<string, Value[]>();
  readonly #edges = new Map<string, Value[]>();
  #loops = 0;
  #repeats = 0;
  label: string | undefined;
  readonly #isTwice: boolean;

  /** @param isTwice each edge is expected in both directions */
  constructor(isTwice = false) {
    this.#isTwice = isTwice;
  }

  get count(): number {
    return this.#ids.length;
  }

  /** @throws BrokenSample when the node is listed already, or there are too many */
  node(id: string, cells: Cells = []): number {
    const place = this.named(id);
    if (this.#isListed[place]) throw new BrokenSample(`the node "${shortened(id)}" is listed twice`);
    this.#isListed[place] = true;
    put(this.#nodes, place, cells);
    return place;
  }

  /** Name of a node that edges have and no list of nodes. */
  get unlisted(): string | undefined {
    const place = this.#ids.findIndex((_, at) => !this.#isListed[at]);
    return place < 0 ? undefined : this.#ids[place];
  }

  /** Place of a node that is listed; undefined if there is none. */
  placeOf(id: string): number | undefined {
    return this.#places.get(id);
  }

  /** Place of a node, which is new if nothing has named it. @throws BrokenSample when there are too many */
  named(id: string): number {
    const existing = this.#places.get(id);
    if (existing !== undefined) return existing;
    if (this.#ids.length === MOST) throw new BrokenSample(`more than ${MOST.toLocaleString("en")} nodes`);
    this.#places.set(id, this.#ids.length);
    return this.#ids.push(id) - 1;
  }

  /** Adds an edge without direction; a loop, and one that is there, are counted. @throws BrokenSample when there are too many */
  edge(from: number, to: number, cells: Cells = []): void {
    if (from === to) {
      this.#loops++;
      return;
    }
    const key = Math.min(from, to) * MOST + Math.max(from, to);
    if (this.#seen.has(key)) {
      if (!this.#isTwice) this.#repeats++;
      return;
    }
    if (this.#seen.size === MOST - 1) throw new BrokenSample(`more than ${MOST.toLocaleString("en")} edges`);
    this.#seen.add(key);
    this.#links.push(from, to);
    put(this.#edges, this.#links.length / 2 - 1, cells);
  }

  /** @throws BrokenSample when it has no nodes */
  end(name: string): Found {
    if (this.count === 0) throw new BrokenSample("no nodes");
    return {
      ...{ name, label: this.label, count: this.count, ids: this.#ids, links: this.#links },
      ...{ nodes: this.#nodes, edges: this.#edges, loops: this.#loops, repeats: this.#repeats },
    };
  }
}

function put(columns: Map<string, Value[]>, row: number, cells: Cells): void {
  for (const [name, value] of cells) {
    if (value === undefined) continue;
    let values = columns.get(name);
    if (!values) {
      if (columns.size === MOST_COLUMNS)
        throw new BrokenSample(`more than ${MOST_COLUMNS.toLocaleString("en")} attributes`);
      values = [];
      columns.set(name, values);
    }
    values[row] = value;
  }
}
