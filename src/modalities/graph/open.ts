import { Tally } from "../../data/files/left-out.ts";
import { labelsFromFolders, labelsFromTable } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import { exceptOf, type OpenOptions, type Source } from "../../data/source.ts";
import { firstCells } from "../../data/tables/cells.ts";
import { LABEL_COLUMN } from "../../data/tables/columns.ts";
import { endsIn } from "../../data/tables/edges.ts";
import { tableFormatOf } from "../../data/tables/rows.ts";
import { utf8Chunks } from "../../data/tables/utf8.ts";
import { BrokenSample, messageOf, UserError } from "../../foundation/errors.ts";
import { parseJson, parseTornJson } from "../../foundation/json.ts";
import { isGraphs, isNodes } from "./arrange.ts";
import type { AnySample } from "./graph.ts";
import { nodeSource } from "./large.ts";
import { broken } from "./sources/builder.ts";
import { graphSource } from "./sources/entries.ts";
import { type Unit, unitsAt } from "./sources/files.ts";
import { graphInJson, isGraphJson } from "./sources/json.ts";
import { isOneText } from "./sources/one-text.ts";
import { pathsOf, readUnit } from "./sources/read.ts";
import { GraphCollector, graphAt, nodesOf } from "./sources/store.ts";

/**
 * Opens graphs: a file, a folder or zip archives of them, in which sub-folders are labels. Of a single graph the nodes are
 * the samples.
 * @throws UserError when there are none, or the only file is broken
 */
export async function openGraphs(path: string, options: OpenOptions = {}): Promise<Source<AnySample>> {
  const { labels: table, labelColumn } = options;
  using found = await unitsAt(path, exceptOf(options));
  const { units, isFolder } = found;
  const collector = new GraphCollector();
  const tally = new Tally();
  tally.addAll(found.leftOut);
  const notes = new Set<string>();
  for (const unit of units) {
    try {
      for await (const graph of readUnit(unit, labelColumn ?? LABEL_COLUMN, (note) => notes.add(note)))
        collector.add(graph);
    } catch (error) {
      // One file that is no graph must not keep the others from being read.
      if (!(error instanceof UserError || error instanceof BrokenSample)) throw error;
      const paths = pathsOf(unit);
      const shown = paths.map((own) => found.shown?.get(own) ?? own);
      const message = paths.reduce((text, own, at) => text.replaceAll(own, shown[at]!), messageOf(error));
      const [name = `${path}: ${unit.name}`] = shown;
      if (units.length > 1) collector.add(broken(unit.name, message.replaceAll(`${name}: `, "")));
      else throw new UserError(shown.some((own) => message.startsWith(own)) ? message : `${name}: ${message}`);
    }
  }
  if (collector.count === 0) throw new UserError(`${path}: no graphs in it`);
  const store = collector.end(tally.leftOut, [...notes]);
  if (collector.count === 1) {
    const nodes = nodesOf(store, collector.ids, labelColumn);
    const given = table ? await labelsFromTable(table, nodes.ids) : undefined;
    return nodeSource({
      store: nodes,
      ...(given ? { labels: Array.from(given.labels, (label) => given.classes[label]) } : {}),
    });
  }
  if (collector.whole === 0)
    throw new UserError(
      `${path}: none of ${collector.count} graphs can be read; the first: ${store.graphs[0]!.broken}`,
    );
  const names = store.graphs.map(({ name }) => name);
  const given = table
    ? await labelsFromTable(table, names)
    : isFolder && !store.graphs.some(({ label }) => label !== undefined)
      ? labelsFromFolders(names)
      : undefined;
  const labels = given && Array.from(given.labels, (label) => given.classes[label]);
  return graphSource({ store, ...(labels ? { labels } : {}) });
}

export async function reopenGraphs(manifest: unknown): Promise<Source<AnySample>> {
  if (isNodes(manifest)) return nodeSource(manifest);
  if (isGraphs(manifest)) return graphSource(manifest);
  throw new Error("not the manifest of graphs");
}

/** Files of a folder that are looked into, and how much of them. */
const LOOKED = 3;
const PROBE = 1 << 16;

/** Certain of GraphML, TU's sets, JSON of nodes and edges, and tables whose columns are two ends. */
export async function recognisesGraphs(path: string): Promise<Recognition> {
  const listed = await unitsAt(path).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!listed) return undefined;
  using found = listed;
  for (const unit of found.units.slice(0, LOOKED)) {
    const recognition = await recognisesUnit(unit).catch((error: unknown) => {
      if (error instanceof UserError) return undefined;
      throw error;
    });
    if (recognition) return recognition;
  }
  return undefined;
}

/** The beginning of a text. */
async function startOf(path: string): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const { bytes } of utf8Chunks(path)) {
    parts.push(bytes);
    length += bytes.length;
    if (length >= PROBE) break;
  }
  return Buffer.concat(parts).subarray(0, PROBE).toString("utf8");
}

async function recognisesUnit(unit: Unit): Promise<Recognition> {
  switch (unit.kind) {
    case "graphml":
      return "certain";
    case "tu":
      return unit.paths.A !== undefined && unit.paths.graph_indicator !== undefined ? "certain" : undefined;
    case "text":
      // Any text may be a text.
      return isOneText(await startOf(unit.path)) ? "possible" : undefined;
    case "json": {
      const start = await startOf(unit.path);
      const [line = ""] = start.trimStart().split("\n", 1);
      if (isGraphJson(parseTornJson(line)) || isGraphJson(parseTornJson(start))) return "certain";
      // A larger file, of which this is the beginning.
      const hasNodes = /"nodes"\s*:\s*\[/.test(start);
      return hasNodes || /"(links|edges)"\s*:\s*\[\s*\{[^}]*"source"/.test(start) ? "certain" : undefined;
    }
    case "edges": {
      const first = await firstCells(unit.path, tableFormatOf(unit.path) ?? "csv");
      const ends = first && endsIn(first.columns);
      // Columns without names may be anything.
      if (!ends || first.columns[ends.source] === "1") return undefined;
      return ends.isSure ? "certain" : "possible";
    }
    case "broken":
      return undefined;
  }
}

/** A source of one graph from JSON. */
export function givenGraph(bytes: Uint8Array, name: string): Source<AnySample> {
  return {
    length: 1,
    name: () => name,
    async read() {
      let value: unknown;
      try {
        value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes), "the graph");
      } catch (error) {
        throw new BrokenSample(`not a graph as JSON (${messageOf(error)})`);
      }
      const collector = new GraphCollector();
      collector.add(graphInJson(value, name));
      return graphAt(collector.end([], []), 0);
    },
    manifest: undefined,
    close: async () => undefined,
  };
}
