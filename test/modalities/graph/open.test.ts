import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { modalityFor } from "../../../src/data/recognise.ts";
import type { OpenOptions, Source } from "../../../src/data/source.ts";
import { BrokenSample, UserError } from "../../../src/foundation/errors.ts";
import { type AnySample, type Column, cellAt, isNode, type RawGraph } from "../../../src/modalities/graph/graph.ts";
import { graph } from "../../../src/modalities/graph/index.ts";
import { communities, GRAPHML, nodeLink, tu, writeGraphs } from "../../fixtures/graphs.ts";
import { inFolder } from "../../support/cli.ts";

const data = new URL("../../../../shared/data/", import.meta.url);
const skip = existsSync(data) ? false : "the data lie in ../shared/data and are not there";

/** Writes files into a folder and opens it, or the one named. */
async function opening(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (source: Source<AnySample>, path: string) => Promise<void>,
  { at = "", ...options }: OpenOptions & { at?: string } = {},
): Promise<void> {
  await inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    const path = join(folder, at);
    const source = await graph.open(path, options);
    await use(source, path);
    await source.close();
  });
}

const says = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

const valuesOf = (column: Column, rows: number): unknown[] =>
  Array.from({ length: rows }, (_, row) =>
    column.kind === "cells"
      ? cellAt(column, row)
      : [...column.items.subarray(column.starts[row]!, column.starts[row + 1]!)].map((item) => column.texts[item]),
  );

/** A graph as a test compares it. */
function plain(sample: AnySample) {
  assert.ok("links" in sample || isNode(sample));
  const raw: RawGraph = isNode(sample) ? sample.whole.raw : sample;
  const all = (columns: readonly Column[], rows: number) =>
    Object.fromEntries(columns.map((column) => [column.name, valuesOf(column, rows)]));
  return {
    count: raw.count,
    links: Array.from({ length: raw.links.length / 2 }, (_, at) => [...raw.links.subarray(2 * at, 2 * at + 2)]),
    nodes: all(raw.nodes, raw.count),
    edges: all(raw.edges, raw.links.length / 2),
  };
}

test("a table of edges beside one of nodes is one graph, whose nodes are the samples", async () => {
  const nodes = "id\tlabel\tsplit\tfeatures\tage\na\tx\ttrain\t3 5\t1\nb\ty\ttest\t5\t\nc\t\t\t\t2.5\n";
  const edges = "source\ttarget\ttype\na\tb\tcites\nb\ta\tcites\nb\tb\tcites\nc\tb\t\n";
  for (const [files, at] of [
    [{ "nodes.tsv": nodes, "edges.tsv": edges }, ""],
    [{ "g/nodes.tsv.gz": gzipSync(nodes), "g/edges.tsv.gz": gzipSync(edges) }, "g"],
    [{ "x_nodes.tsv": nodes, "x_edges.tsv": edges, "other.md": "" }, "x_edges.tsv"],
    [{ "g.zip": zipSync({ "g/nodes.tsv": Buffer.from(nodes), "g/edges.tsv": Buffer.from(edges) }) }, "g.zip"],
  ] as const)
    await opening(
      files,
      async (source) => {
        assert.deepEqual(
          [source.length, source.name(1), source.classes, [...(source.labels ?? [])]],
          [3, "b", ["x", "y"], [0, 1, -1]],
        );
        assert.deepEqual([source.column?.("split"), source.column?.("age")], [["train", "test", undefined], undefined]);
        assert.deepEqual(plain(await source.read(0)), {
          count: 3,
          links: [
            [0, 1],
            [2, 1],
          ],
          nodes: { features: [["3", "5"], ["5"], []], age: [1, undefined, 2.5] },
          edges: { type: ["cites", undefined] },
        });
        assert.match(source.notes?.join() ?? "", /1 loops.*, 1 edges that were there already/);
      },
      { at },
    );
});

test("an edge list without nodes has those that it names; labels may come from a table", () =>
  opening(
    { "e.csv": "from,to,weight\n1,2,0.5\n2,7,1\n", "labels.csv": "path,label\n7,p\n1,q\n" },
    async (source, path) => {
      assert.deepEqual([source.length, source.name(2)], [3, "7"]);
      const labelled = await graph.open(path, { labels: join(path, "..", "labels.csv") });
      assert.deepEqual(
        [labelled.classes, [...(labelled.labels ?? [])]],
        [
          ["p", "q"],
          [1, -1, 0],
        ],
      );
      assert.deepEqual(plain(await source.read(0)).edges, { weight: [0.5, 1] });
    },
    { at: "e.csv" },
  ));

test("node-link JSON of NetworkX, Graphology, d3 and Cytoscape is the same graph", async () => {
  const wanted = { count: 2, links: [[0, 1]], nodes: { kind: ["C", "O"] }, edges: { type: ["single"] } };
  const forms = [
    {
      nodes: [
        { id: "a", kind: "C" },
        { id: "b", kind: "O" },
      ],
      links: [{ source: "a", target: "b", type: "single" }],
    },
    { nodes: [{ kind: "C" }, { kind: "O" }], edges: [{ source: 0, target: 1, type: "single" }] },
    {
      attributes: { label: "x" },
      options: { type: "undirected" },
      nodes: [
        { key: "a", attributes: { kind: "C" } },
        { key: "b", attributes: { kind: "O" } },
      ],
      edges: [{ key: "e", source: "a", target: "b", attributes: { type: "single" } }],
    },
    {
      elements: {
        nodes: [{ data: { id: "a", kind: "C" } }, { data: { id: "b", kind: "O" } }],
        edges: [{ data: { id: "e", source: "a", target: "b", type: "single" } }],
      },
    },
  ];
  for (const form of forms)
    await opening({ "g.json": JSON.stringify(form, undefined, 1) }, async (source) => {
      assert.equal(source.length, 2);
      assert.deepEqual(plain(await source.read(1)), wanted);
    });
  // All of them, a line each, are graphs; their own labels are read, and any attribute by --label-column.
  await opening(
    { "g.jsonl": forms.map((form) => JSON.stringify(form)).join("\n") },
    async (source) => {
      assert.deepEqual([source.length, source.name(2), source.classes], [4, "g.jsonl:3", ["x"]]);
      assert.deepEqual(plain(await source.read(3)), wanted);
    },
    { at: "g.jsonl" },
  );
});

test("lists are words, or columns where all are numbers and as long", () =>
  opening(
    {
      "g.json": JSON.stringify([
        {
          nodes: [
            { id: 1, at: [0.5, 2], tags: ["x", "y"], one: [1, 2] },
            { id: 2, at: [1, 0] },
          ],
          links: [],
        },
        { nodes: [{ id: 1, at: [3, 4], one: [7] }], edges: [{ source: 1, target: 1 }] },
      ]),
    },
    async (source) => {
      assert.deepEqual(plain(await source.read(0)).nodes, {
        "at 1": [0.5, 1],
        "at 2": [2, 0],
        tags: [["x", "y"], []],
        one: [["1", "2"], []],
      });
      assert.deepEqual(plain(await source.read(1)).nodes, { "at 1": [3], "at 2": [4], tags: [[]], one: [["7"]] });
    },
  ));

test("GraphML: defaults, types, edges before their nodes, drawings left out", () =>
  opening({ "g.graphml": GRAPHML }, async (source) => {
    assert.deepEqual(plain(await source.read(0)), {
      count: 3,
      links: [
        [0, 1],
        [2, 0],
      ],
      nodes: { colour: ["green & red", "yellow", "yellow"], weight: [1.5, undefined, undefined] },
      edges: { type: ["road", undefined] },
    });
    assert.deepEqual(
      [0, 1, 2].map((at) => source.name(at)),
      ["a", "b", "c"],
    );
  }));

test("a TU set: labels of graphs, nodes and edges, and attributes", () =>
  opening(tu("TOY"), async (source) => {
    assert.deepEqual(
      [source.length, source.name(1), source.classes, [...(source.labels ?? [])]],
      [2, "TOY:2", ["-1", "1"], [1, 0]],
    );
    assert.deepEqual(plain(await source.read(0)), {
      count: 3,
      links: [
        [0, 1],
        [1, 2],
        [2, 0],
      ],
      nodes: { "node label": ["0", "3", "0"], "attribute 1": [0.5, 0.25, 0], "attribute 2": [1, 2, 3] },
      edges: { "edge label": ["7", "8", "7"] },
    });
    assert.deepEqual(source.notes, []);
  }));

test("a folder of graphs: sub-folders are labels, a broken file is named and the others are read", () =>
  inFolder(async (folder) => {
    await writeGraphs(folder, 3);
    await writeFile(join(folder, "ring", "9.json"), '{"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}');
    await writeFile(join(folder, "ring", "8.json"), "{");
    await writeFile(join(folder, "notes.md"), "x");
    const source = await graph.open(folder);
    assert.deepEqual([source.length, source.classes], [8, ["chain", "ring"]]);
    assert.deepEqual(source.leftOut, [{ what: ".md", count: 1, example: "notes.md" }]);
    await assert.rejects(source.read(7), (error) => {
      assert.ok(error instanceof BrokenSample);
      assert.match(error.message, /edge 0 names the node "2", which is not among the nodes/);
      return true;
    });
    await assert.rejects(source.read(6), /not JSON/);
    assert.equal(plain(await source.read(0)).count, plain(await source.read(0)).nodes.kind!.length);
    assert.equal((await modalityFor(folder)).name, "graph");
  }));

test("a broken single file is one line that says what and where", async () => {
  const cases: [Record<string, string>, string, RegExp][] = [
    [{ "g.json": "{}" }, "g.json", /g\.json: not a graph as JSON.*nodes/],
    [{ "g.json": '{"nodes": [], "links": []}' }, "g.json", /no nodes/],
    [{ "g.json": '{"nodes": [{"id": 1}, {"id": 1}], "links": []}' }, "g.json", /"1" is listed twice/],
    [{ "g.graphml": "<graphml><graph><node/></graph></graphml>" }, "g.graphml", /line 1: a node without an id/],
    [{ "g.graphml": "<graphml><graph>" }, "g.graphml", /not XML/],
    [{ "g.graphml": "<svg/>" }, "g.graphml", /begins with <svg>/],
    [
      { "g.graphml": '<graphml><graph><node id="a"/><edge source="a" target="z"/></graph></graphml>' },
      "g.graphml",
      /names the node "z", which is not there/,
    ],
    [
      { "g.graphml": '<!DOCTYPE x [<!ENTITY a "b">]><graphml><graph><node id="&a;"/></graph></graphml>' },
      "g.graphml",
      /undefined entity/,
    ],
    [{ "e.csv": "a,b\nx,y\n" }, "e.csv", /no columns source and target; there are: a, b/],
    [{ "e.csv": "source,target\nx,\n" }, "e.csv", /line 2: an edge without two ends/],
    [{ ...tu("T"), "T_A.txt": "1, 9\n" }, "", /A, line 1: not two of the 5 nodes/],
    [{ ...tu("T"), "T_A.txt": "1, 4\n" }, "", /an edge between two graphs/],
    [{ ...tu("T"), "T_node_labels.txt": "0\n3\n" }, "", /node_labels: the number of lines is 2, that of nodes 5/],
    [{ ...tu("T"), "T_node_attributes.txt": "1\n" }, "", /node_attributes: .* is 1, that of nodes 5/],
    [{ ...tu("T"), "T_edge_labels.txt": "7\n".repeat(9) }, "", /edge_labels: .* is 9, that of edges 8/],
    [{ ...tu("T"), "T_graph_labels.txt": "1\n" }, "", /graph_labels: .* is 1, that of graphs 2/],
    [{ "T_A.txt": "1, 2\n" }, "", /no _graph_indicator\.txt/],
    [{ "s.txt": "1\n2 0\n0 1 1\n" }, "s.txt", /1 of its nodes are missing/],
    [{ "s.txt": "1\n1 0\n0 2 1\n" }, "s.txt", /line 3: 1 neighbours, and it says 2/],
  ];
  for (const [files, at, pattern] of cases)
    await assert.rejects(
      opening(files, async () => undefined, { at }),
      says(pattern),
    );
});

const bytesOf = (files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));

test("what is broken in an archive is named as the archive has it", () =>
  inFolder(async (folder) => {
    const path = join(folder, "set.zip");
    const utf16 = Buffer.from("\ufeff1\n2\n", "utf16le");
    for (const [files, expected] of [
      [{ "g.json": Buffer.from("{") }, /^ g\.json: not JSON/],
      [{ ...bytesOf(tu("T")), "T_graph_indicator.txt": utf16 }, /^ T_graph_indicator\.txt: not UTF-8 but UTF-16/],
    ] as const) {
      await writeFile(path, zipSync(files));
      await assert.rejects(graph.open(path), (error) => {
        assert.ok(error instanceof UserError && error.message.startsWith(`${path}:`), String(error));
        assert.match(error.message.slice(path.length + 1), expected);
        return true;
      });
    }
  }));

test("a set in one text: whole graphs before a broken one are kept, a count that is wrong is said", () =>
  opening(
    { "s.txt": "7\n2 1\n0 1 1\n5 1 0\n2 0\n0 1 1\n" },
    async (source) => {
      assert.deepEqual([source.length, source.classes], [2, ["1"]]);
      assert.deepEqual(plain(await source.read(0)).nodes, { "node label": ["0", "5"] });
      await assert.rejects(source.read(1), BrokenSample);
      assert.match(source.notes?.join() ?? "", /says that it has 7 graphs, and has 2/);
    },
    { at: "s.txt" },
  ));

test("what is no graph is not recognised, and texts are texts", () =>
  inFolder(async (folder) => {
    const files = {
      "a.csv": "source,target\n1,2\n",
      "b.csv": "age,job\n1,nurse\n2,clerk\n",
      "c.json": '{"nodes": 3}',
      "d.json": JSON.stringify(nodeLink("ring", 1)),
      "e.txt": "2\n1 0\n0 0\n1 0\n0 0\n",
      "f.txt": "a text\nof lines\n",
      "g.csv": "1,2\n3,4\n",
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const all = Object.keys(files).map((name) => graph.recognises(join(folder, name)));
    assert.deepEqual(await Promise.all(all), [
      "certain",
      undefined,
      undefined,
      "certain",
      "possible",
      undefined,
      undefined,
    ]);
  }));

test("edges, and graphs on lines, are recognised as graphs and not as rows", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 8 }, (_, at) => JSON.stringify(nodeLink(at % 2 ? "ring" : "chain", at)));
    await writeFile(join(folder, "g.jsonl"), lines.join("\n"));
    await writeFile(join(folder, "edges.csv"), communities(12).edges);
    for (const name of ["g.jsonl", "edges.csv"]) assert.equal((await modalityFor(join(folder, name))).name, "graph");
  }));

test("a source that is opened again in a worker shares its memory", async () => {
  const { nodes, edges } = communities(20);
  await opening({ "nodes.csv": nodes, "edges.csv": edges }, async (source) => {
    const again = await graph.reopen(structuredClone(source.manifest));
    const [one, other] = [await source.read(3), await again.read(3)];
    assert.deepEqual(plain(other), plain(one));
    assert.ok(isNode(one) && isNode(other));
    assert.equal(other.whole.raw.links.buffer instanceof SharedArrayBuffer, true);
    assert.equal(await again.contents?.(), await source.contents?.());
  });
});

test("Cora and Citeseer, and sets of TU, have as many nodes, edges and graphs as their pages say", {
  skip,
}, async () => {
  for (const [name, nodes, edges, words] of [
    ["cora", 2708, 5278, 1432],
    ["citeseer", 3327, 4552, 3703],
  ] as const) {
    const source = await graph.open(new URL(`planetoid/${name}`, data).pathname);
    const sample = await source.read(0);
    assert.ok(isNode(sample));
    const { raw } = sample.whole;
    const [features] = raw.nodes;
    assert.ok(features?.kind === "words");
    assert.deepEqual([source.length, raw.links.length / 2, features.texts.length], [nodes, edges, words]);
  }
  for (const [name, count, classes] of [
    ["MUTAG", 188, 2],
    ["PTC", 344, 2],
    ["PROTEINS", 1113, 2],
    ["NCI1", 4110, 2],
    ["IMDBBINARY", 1000, 2],
    ["IMDBMULTI", 1500, 3],
  ] as const) {
    const source = await graph.open(new URL(`tu/${name}.txt.gz`, data).pathname);
    assert.deepEqual([source.length, source.classes?.length, source.notes], [count, classes, []], name);
  }
});
