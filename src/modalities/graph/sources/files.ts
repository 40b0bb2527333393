import { basename, dirname, join } from "node:path";
import { dirname as folderOf } from "node:path/posix";
import { collectFiles, type Wanted } from "../../../data/files/collection.ts";
import type { LeftOut } from "../../../data/files/left-out.ts";
import { listFiles } from "../../../data/files/listing.ts";
import { unpacked } from "../../../data/files/unpacked.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { type Part, partOf } from "./tu.ts";

const GRAPHS = /\.(graphml|json|jsonl|ndjson)(\.gz)?$/i;
const TABLES = /\.(csv|tsv|parquet)(\.gz)?$/i;
const TEXTS = /\.txt(\.gz)?$/i;
/** A table of nodes by its name: `nodes.tsv.gz`, `cora_nodes.csv`. */
const NODES = /^(.*[._-])?nodes?\.(csv|tsv|parquet)(\.gz)?$/i;
const EDGES = /^(.*[._-])?(edges?|edge[._-]?list|links?)\.(csv|tsv|parquet)(\.gz)?$/i;

export const wanted: Wanted = {
  takes: (name) => GRAPHS.test(name) || TABLES.test(name) || partOf(name) !== undefined,
  what: "graphs",
  formats: "edges as CSV or TSV, node-link JSON, GraphML, TU folders",
};

/** What makes one graph, or a set of them. */
export type Unit =
  | { readonly kind: "json" | "graphml" | "text"; readonly name: string; readonly path: string }
  | { readonly kind: "edges"; readonly name: string; readonly path: string; readonly nodes?: string }
  | { readonly kind: "tu"; readonly name: string; readonly paths: Partial<Readonly<Record<Part, string>>> }
  | { readonly kind: "broken"; readonly name: string; readonly reason: string };

export interface Units extends Disposable {
  /** Whether the user named a folder or an archive, and not the file. */
  readonly isFolder: boolean;
  readonly units: readonly Unit[];
  readonly leftOut: readonly LeftOut[];
  /** What messages call unpacked files, by where they lie. */
  readonly shown?: ReadonlyMap<string, string>;
}

interface File {
  readonly name: string;
  readonly path: string;
}

/**
 * The graphs at a path: of the file itself, of a folder, or of zip archives, which are unpacked until the end of `using`. A
 * table of edges goes with the table of nodes beside it, and the files of a TU set with each other.
 * @param except the table of labels
 * @throws UserError when there are none
 */
export async function unitsAt(path: string, except?: string): Promise<Units> {
  const { isFolder } = await listFiles(path, wanted.takes, except);
  const nothing = { [Symbol.dispose]: () => undefined };
  if (!isFolder && (wanted.takes(basename(path)) === true || TEXTS.test(path))) {
    const beside = await besides(path);
    return {
      ...nothing,
      isFolder: beside.length > 1 && partOf(path) !== undefined,
      units: grouped(beside),
      leftOut: [],
    };
  }
  const { manifest, leftOut } = await collectFiles(path, wanted, except);
  if (manifest.kind === "folder")
    return {
      ...nothing,
      isFolder,
      units: grouped(manifest.names.map((name) => ({ name, path: join(manifest.root, name) }))),
      leftOut,
    };
  const { files, [Symbol.dispose]: dispose } = await unpacked(manifest);
  const whole = files.flatMap(({ name, path }) => (path instanceof BrokenSample ? [] : [{ name, path }]));
  const damaged = files.flatMap(({ name, path }): Unit[] =>
    path instanceof BrokenSample ? [{ kind: "broken", name, reason: path.message }] : [],
  );
  const units = [...grouped(whole), ...damaged].sort((a, b) => (a.name < b.name ? -1 : 1));
  const shown = new Map(whole.map((file) => [file.path, `${path}: ${file.name}`]));
  return { isFolder: true, units, leftOut, shown, [Symbol.dispose]: dispose };
}

/** A file, and those beside it that belong to it. */
async function besides(path: string): Promise<File[]> {
  const name = basename(path);
  const file = { name, path };
  const [set, isEdges] = [partOf(name)?.set, EDGES.test(name)];
  if (set === undefined && !isEdges) return [file];
  const { names } = await listFiles(dirname(path), (one) => !one.includes("/") && wanted.takes(one));
  const prefix = EDGES.exec(name)?.[1] ?? "";
  const belongs = (one: string) =>
    set === undefined ? NODES.test(one) && (NODES.exec(one)?.[1] ?? "") === prefix : partOf(one)?.set === set;
  return [
    file,
    ...names
      .filter((one) => one !== name && belongs(one))
      .map((one) => ({ name: one, path: join(dirname(path), one) })),
  ];
}

function grouped(files: readonly File[]): Unit[] {
  const units: Unit[] = [];
  const sets = new Map<string, Partial<Record<Part, string>>>();
  const tables: File[] = [];
  for (const file of files) {
    const { name, path } = file;
    const part = partOf(name);
    if (part) {
      const paths = sets.get(part.set) ?? {};
      paths[part.part] = path;
      sets.set(part.set, paths);
    } else if (TABLES.test(name)) tables.push(file);
    else if (TEXTS.test(name)) units.push({ kind: "text", name, path });
    else units.push({ kind: /graphml(\.gz)?$/i.test(name) ? "graphml" : "json", name, path });
  }
  for (const [set, paths] of sets) units.push({ kind: "tu", name: set, paths });
  const byFolder = Map.groupBy(tables, ({ name }) => folderOf(name));
  for (const [folder, some] of byFolder) {
    const nodes = some.filter(({ name }) => NODES.test(basename(name)));
    const edges = some.filter(({ name }) => !NODES.test(basename(name)));
    for (const { name, path } of edges) {
      const prefix = EDGES.exec(basename(name))?.[1] ?? "";
      const own =
        nodes.find((one) => EDGES.test(basename(name)) && (NODES.exec(basename(one.name))?.[1] ?? "") === prefix) ??
        (nodes.length === 1 && edges.length === 1 ? nodes[0] : undefined);
      const isPair = own && folder !== ".";
      units.push({
        kind: "edges",
        name: isPair && edges.length === 1 ? folder : name,
        path,
        ...(own ? { nodes: own.path } : {}),
      });
    }
  }
  return units.sort((a, b) => (a.name < b.name ? -1 : 1));
}
