import { readFile } from "node:fs/promises";
import { Profile, typeOf } from "../../../data/tables/profile.ts";
import { UserError } from "../../../foundation/errors.ts";
import { fileError } from "../../../foundation/files.ts";
import { parseJson } from "../../../foundation/json.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type Cells, type Column, cellAt, type Words } from "../graph.ts";
import type { GraphOptions } from "../options.ts";
import type { GraphStore } from "../sources/store.ts";
import { type Attribute, FILE, Learned, listed } from "./learned.ts";

/** Nodes and edges that are looked at, spread evenly. */
const LOOKED = 100_000;
/** Ranges of an edge's number. */
const RANGES = 8;
/** Attributes whose numbers are names. */
const NAMES = /(^|[_\s-])(type|kind|class|category|relation|label|tag|group)$/i;

type Rows = Pick<GraphStore, "nodes" | "edges">;

/**
 * What the attributes of nodes and edges are: numbers, categories, words, or left out.
 * @throws UserError when an option names an attribute that is not there
 */
export async function learnAttributes(
  store: Rows,
  samples: "graphs" | "nodes",
  options: GraphOptions,
  onNote?: (note: string) => void,
): Promise<Learned> {
  if (options.attributesFrom !== undefined)
    return givenAttributes(store, samples, options, options.attributesFrom, onNote);
  requireAttributes(store, options);
  const leftOut: { name: string; why: string }[] = [];
  const learnAll = (columns: readonly Column[], isEdge: boolean): Attribute[] =>
    columns.flatMap((column): Attribute[] => {
      const learned = options.leaveOut.includes(column.name)
        ? "as asked"
        : column.kind === "words"
          ? isEdge
            ? "lists of edges are not read"
            : wordsOf(column, options, onNote)
          : learnedOf(column, isEdge, options, onNote);
      if (typeof learned !== "string") return [learned];
      leftOut.push({ name: column.name, why: learned });
      return [];
    });
  const [own, edges] = [learnAll(store.nodes, false), learnAll(store.edges, true)];
  const isDegree = options.degree === "yes" || (options.degree === "auto" && own.length === 0);
  const nodes: Attribute[] = [
    ...own,
    ...(isDegree ? [{ type: "degree", name: "degree", most: options.mostNeighbours } as const] : []),
  ];
  say({ nodes, edges, leftOut }, onNote);
  return { samples, nodes, edges, leftOut };
}

function say({ nodes, edges, leftOut }: Pick<Learned, "nodes" | "edges" | "leftOut">, onNote?: (note: string) => void) {
  const of = (all: readonly Attribute[]) =>
    [...Map.groupBy(all, ({ type }) => type)]
      .map(([type, some]) =>
        type === "degree"
          ? "number of neighbours"
          : `${some.length} of ${type === "words" ? type : WORDS[type]} (${listed(some.map(({ name }) => name))})`,
      )
      .join(", ") || "none";
  onNote?.(`attributes of nodes: ${of(nodes)}; of edges: ${of(edges)}`);
  if (leftOut.length > 0)
    onNote?.(
      `attributes that are left out: ${[...Map.groupBy(leftOut, ({ why }) => why)]
        .map(([why, some]) => `${listed(some.map(({ name }) => name))} (${why})`)
        .join(", ")}`,
    );
}

const WORDS = { number: "numbers", range: "numbers, as ranges", category: "categories", degree: "" } as const;

/** @throws UserError when an option names an attribute that is not there */
function requireAttributes(store: Rows, { leaveOut, categories, numbers }: GraphOptions): void {
  const names = [...store.nodes, ...store.edges].map(({ name }) => name);
  for (const [flag, wanted] of [
    ["--leave-out", leaveOut],
    ["--categories", categories],
    ["--numbers", numbers],
  ] as const)
    for (const name of wanted)
      if (!names.includes(name))
        throw new UserError(`${flag} ${shortened(name)}: no such attribute; there are: ${listed(names) || "none"}`);
}

/** What a column is, or why it is left out. */
function learnedOf(
  column: Cells,
  isEdge: boolean,
  { categories, numbers, mostCategories }: GraphOptions,
  onNote?: (note: string) => void,
): Attribute | string {
  const { name, codes } = column;
  const profile = new Profile(name);
  const looked = Math.min(LOOKED, codes.length);
  for (let at = 0; at < looked; at++) profile.add(cellAt(column, Math.floor((at * codes.length) / looked)));
  if (profile.known === 0) return "no value";
  const found = typeOf(profile);
  const isName = categories.includes(name) || (!numbers.includes(name) && NAMES.test(name) && found.type === "number");
  const type = isName ? "category" : numbers.includes(name) && profile.numbers.length > 0 ? "number" : found.type;
  if (type === "left out") return found.why ?? "";
  if (type === "date") return "dates";
  if (type === "category") {
    const { counts } = profile;
    if (counts.length > mostCategories)
      onNote?.(
        `attribute "${shortened(name)}": ${counts.length.toLocaleString("en")} categories; the ${mostCategories.toLocaleString("en")} most frequent are read, the others as unknown (--most-categories)`,
      );
    return { type, name, categories: counts.slice(0, mostCategories).map(([value, count]) => ({ value, count })) };
  }
  const sorted = Float64Array.from(profile.numbers).sort();
  if (isEdge) {
    const limits = Array.from(
      { length: RANGES - 1 },
      (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / RANGES)]!,
    );
    return { type: "range", name, limits: [...new Set(limits)] };
  }
  const mean = sorted.reduce((sum, value) => sum + value / sorted.length, 0);
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / sorted.length, 0));
  const isSame = !Number.isFinite(deviation) || deviation <= 1e-9 * Math.abs(mean) || deviation < 1e-12;
  return { type: "number", name, mean: Number.isFinite(mean) ? mean : 0, std: isSame ? 1 : deviation };
}

/** The most frequent words; of those as frequent the first. */
function wordsOf(
  { name, items, texts }: Words,
  { mostWords }: GraphOptions,
  onNote?: (note: string) => void,
): Attribute {
  const counts = new Float64Array(texts.length);
  for (const item of items) counts[item]! += 1;
  const order = [...counts.keys()].sort((one, other) => counts[other]! - counts[one]! || one - other);
  if (order.length > mostWords)
    onNote?.(
      `attribute "${shortened(name)}": ${order.length.toLocaleString("en")} words; the ${mostWords.toLocaleString("en")} most frequent are read (--most-words)`,
    );
  const words = order.slice(0, mostWords).map((word) => texts[word]!);
  return { type: "words", name, words };
}

/** The attributes of another run. @throws UserError when the file is none, or the data have none of them */
async function givenAttributes(
  store: Rows,
  samples: "graphs" | "nodes",
  { leaveOut, categories, numbers }: GraphOptions,
  path: string,
  onNote?: (note: string) => void,
): Promise<Learned> {
  if (leaveOut.length + categories.length + numbers.length > 0)
    throw new UserError(
      `${path}: says what the attributes are; --leave-out, --categories and --numbers are for those that are learned from the data`,
    );
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  const learned = Learned.safeParse(parseJson(text, path));
  if (!learned.success) {
    const [issue] = learned.error.issues;
    throw new UserError(`${path}: not the ${FILE} of a run (${issue?.path.join(".") || "whole"}: ${issue?.message})`);
  }
  const { nodes, edges } = learned.data;
  const there = new Set([...store.nodes, ...store.edges].map(({ name }) => name));
  const wanted = [...nodes, ...edges].filter(({ type }) => type !== "degree").map(({ name }) => name);
  const lacking = wanted.filter((name) => !there.has(name));
  if (lacking.length > 0 && lacking.length === wanted.length)
    throw new UserError(
      `none of the attributes that ${path} names is in the data: ${listed(lacking)}; there are: ${listed([...there]) || "none"}`,
    );
  if (lacking.length > 0) onNote?.(`attributes that the run reads and this data lack: ${listed(lacking)}`);
  return { ...learned.data, samples };
}
