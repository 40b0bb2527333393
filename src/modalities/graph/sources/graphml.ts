import { SaxesParser } from "saxes";
import { utf8Chunks } from "../../../data/tables/utf8.ts";
import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import { shortened } from "../../../foundation/printable.ts";
import { type Found, GraphBuilder } from "./builder.ts";
import type { Value } from "./values.ts";

/** A declared attribute. */
interface Key {
  readonly name: string;
  readonly type: string;
  readonly of: string;
  default?: string;
}

/** Deepest nesting, and longest text of a value. */
const DEEPEST = 100;
const LONGEST = 1 << 20;
const NUMBERS = ["int", "long", "float", "double"];

/** What is being read: a graph, a node or an edge in it, a value of one of them. */
interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly values: [string, Value][];
}

/**
 * The graphs of a GraphML file, read as a stream: http://graphml.graphdrawing.org/primer/graphml-primer.html. Nested graphs,
 * hyperedges and ports are not read; values that no key declares, such as drawings of yEd, are left out.
 * @param labelColumn the graphs' attribute that is their label
 * @throws UserError when it is not UTF-8; BrokenSample when it is not GraphML, or has what is not read
 */
export async function readGraphml(path: string, name: string, labelColumn: string): Promise<Found[]> {
  const reader = new GraphmlReader(name, labelColumn);
  for await (const { bytes } of utf8Chunks(path)) reader.write(bytes.toString("utf8"));
  return reader.end();
}

class GraphmlReader {
  readonly #name: string;
  readonly #parser = new SaxesParser();
  readonly #keys = new Map<string, Key>();
  readonly #found: GraphBuilder[] = [];
  readonly #stack: Element[] = [];
  #builder: GraphBuilder | undefined;
  #text = "";
  #failure: Error | undefined;

  readonly #labelColumn: string;

  constructor(name: string, labelColumn: string) {
    this.#name = name;
    this.#labelColumn = labelColumn;
    this.#parser.on("opentag", ({ name: tag, attributes }) => this.#guarded(() => this.#open(local(tag), attributes)));
    this.#parser.on("closetag", ({ name: tag }) => this.#guarded(() => this.#close(local(tag))));
    const text = (more: string) => {
      const inside = this.#stack.at(-1)?.name;
      if (inside !== "data" && inside !== "default") return;
      this.#text += more;
      if (this.#text.length > LONGEST) this.#guarded(() => this.#fail("a value that is longer than 1 MiB"));
    };
    this.#parser.on("text", text);
    this.#parser.on("cdata", text);
    this.#parser.on("error", (error) => {
      this.#failure ??= new BrokenSample(`not XML (${messageOf(error).replace(/^undefined:/, "")})`);
    });
  }

  write(chunk: string): void {
    if (!this.#failure) this.#parser.write(chunk);
    if (this.#failure) throw this.#failure;
  }

  end(): Found[] {
    this.#parser.close();
    if (this.#failure) throw this.#failure;
    if (this.#found.length === 0) throw new BrokenSample("no graph in it");
    return this.#found.map((builder, at) =>
      builder.end(this.#found.length === 1 ? this.#name : `${this.#name}:${at + 1}`),
    );
  }

  /** An error must not leave the parser half way. */
  #guarded(step: () => void): void {
    if (this.#failure) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof BrokenSample)) throw error;
      this.#failure = new BrokenSample(`line ${this.#parser.line}: ${error.message}`);
    }
  }

  #fail(reason: string): never {
    throw new BrokenSample(reason);
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    const above = this.#stack.at(-1)?.name;
    if (this.#stack.length === 0 && name !== "graphml") this.#fail(`not GraphML: it begins with <${shortened(name)}>`);
    if (this.#stack.length === DEEPEST) this.#fail(`nested more than ${DEEPEST} deep`);
    if (name === "hyperedge") this.#fail("hyperedges are not read");
    if (name === "graph") {
      if (this.#builder) this.#fail("a graph inside of a graph is not read");
      this.#builder = new GraphBuilder();
      this.#found.push(this.#builder);
    }
    if (name === "key")
      this.#keys.set(attributes.id ?? "", {
        name: attributes["attr.name"] ?? "",
        type: attributes["attr.type"] ?? "string",
        of: attributes.for ?? "all",
      });
    if (name === "data" || name === "default") this.#text = "";
    if ((name === "node" || name === "edge") && above !== "graph") this.#fail(`a ${name} that is in no graph`);
    this.#stack.push({ name, attributes, values: [] });
  }

  #close(name: string): void {
    const { attributes, values } = this.#stack.pop() ?? this.#fail("an end without a beginning");
    const above = this.#stack.at(-1);
    const builder = this.#builder;
    if (name === "default") {
      const key = this.#keys.get(above?.attributes.id ?? "");
      if (key) key.default = this.#text;
    } else if (name === "data") {
      const key = this.#keys.get(attributes.key ?? "");
      if (key?.name && above) above.values.push([key.name, valueOf(key, this.#text)]);
    } else if (name === "node" && builder) {
      if (attributes.id === undefined) this.#fail("a node without an id");
      builder.node(attributes.id, this.#withDefaults("node", values));
    } else if (name === "edge" && builder) {
      const [from, to] = [attributes.source, attributes.target].map((id) => {
        const place = id === undefined ? undefined : builder.placeOf(id);
        return place ?? this.#pending(id);
      });
      builder.edge(from!, to!, this.#withDefaults("edge", values));
    } else if (name === "graph" && builder) {
      const { unlisted } = builder;
      if (unlisted !== undefined) this.#fail(`an edge names the node "${shortened(unlisted)}", which is not there`);
      const label = values.find(([own]) => own === this.#labelColumn)?.[1];
      if (label !== undefined) builder.label = String(label);
      this.#builder = undefined;
    }
  }

  /** An end of an edge that no node before it has; in GraphML nodes may come later. */
  #pending(id: string | undefined): number {
    if (id === undefined || !this.#builder) return this.#fail("an edge without source and target");
    return this.#builder.named(id);
  }

  #withDefaults(of: string, values: readonly [string, Value][]): readonly (readonly [string, Value])[] {
    const given = new Set(values.map(([name]) => name));
    const others = [...this.#keys.values()].filter(
      (key) => key.default !== undefined && (key.of === of || key.of === "all") && !given.has(key.name),
    );
    return [...values, ...others.map((key) => [key.name, valueOf(key, key.default ?? "")] as const)];
  }
}

const local = (name: string): string => name.slice(name.indexOf(":") + 1);

/** A value by its declared type; a number that is none is nothing. */
function valueOf({ type }: Key, written: string): Value {
  const text = written.trim().normalize("NFC");
  if (text === "") return undefined;
  if (!NUMBERS.includes(type)) return text;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
