import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import type { TensorRecord } from "../../../src/data/modality.ts";
import { encoders } from "../../../src/encoders/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { FILE, learnedIn } from "../../../src/modalities/graph/columns/learned.ts";
import { graph } from "../../../src/modalities/graph/index.ts";
import { embedder } from "../../../src/training/features.ts";
import { communities, GRAPHML, tu, writeGraphs } from "../../fixtures/graphs.ts";
import { inFolder } from "../../support/cli.ts";

/** Opens files with settled options, as a run does. */
async function settled(
  files: Readonly<Record<string, string>>,
  use: (opened: Awaited<ReturnType<typeof settle>>) => Promise<void>,
  chosen: Record<string, unknown> = {},
): Promise<void> {
  await inFolder(async (folder) => {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    await use(await settle(folder, chosen));
  });
}

async function settle(path: string, chosen: Record<string, unknown>) {
  const source = await graph.open(path);
  const options = graph.options.parse({ ...(await graph.infer(source)), ...chosen });
  const notes: string[] = [];
  const learned = await graph.learn!(source, options, (note) => notes.push(note));
  return { source, options, learned, notes, modality: graph.build(options, learned) };
}

const listOf = (tensors: TensorRecord, name: string) => [...(tensors[name]?.data ?? [])];

test("codes begin at 2, words are columns, padding is 0", () =>
  settled(tu("T"), async ({ source, modality, options, notes }) => {
    assert.deepEqual([options.maxNodes, options.maxEdges], [3, 3]);
    assert.match(notes.join("\n"), /nodes: 1 of categories \(node label\), 2 of numbers.*edges: 1 of categories/);
    const [ring, path] = [modality.tensors(await source.read(0)), modality.tensors(await source.read(1))];
    // "0" three times and "3" twice: the most frequent first.
    assert.deepEqual(listOf(ring, "nodes"), [2, 3, 2]);
    assert.deepEqual(listOf(ring, "edges"), [...[0, 1, 2], ...[1, 2, 3], ...[2, 0, 2]]);
    assert.deepEqual(listOf(path, "nodes"), [2, 3, 0]);
    assert.deepEqual(listOf(path, "edges"), [...[0, 1, 3], ...[0, 0, 0], ...[0, 0, 0]]);
    // Means 0.75 and 3, deviations √0.5 and √2.
    const expected = [0.5, 1, 0.25, 2, 0, 3].map((value, at) =>
      at % 2 ? (value - 3) / Math.sqrt(2) : (value - 0.75) / Math.sqrt(0.5),
    );
    for (const [at, value] of listOf(ring, "values").entries()) assert.ok(Math.abs(value - expected[at]!) < 1e-6);
  }));

test("without an attribute the number of neighbours is one, up to a limit", () =>
  settled(
    {
      "s.json": JSON.stringify(
        [0, 1].map(() => ({
          nodes: [{}, {}, {}],
          links: [
            { source: 0, target: 1 },
            { source: 0, target: 2 },
          ],
        })),
      ),
    },
    async ({ source, modality, notes }) => {
      assert.deepEqual(modality.graphs.nodeSizes, [4]);
      assert.deepEqual(listOf(modality.tensors(await source.read(0)), "nodes"), [3, 3, 3]);
      assert.match(notes.join("\n"), /number of neighbours/);
    },
    { mostNeighbours: 1 },
  ));

test("an unseen category is unknown, and a number that is missing is the mean", () =>
  settled({ "a/1.graphml": GRAPHML, "b/2.graphml": GRAPHML }, async ({ source, modality, options, learned }) => {
    const sent = graph.accepts.bytes!(
      Buffer.from(
        '{"nodes": [{"id": 1, "colour": "blue"}, {"id": 2, "colour": "yellow", "weight": 1.5}], "links": []}',
      ),
      "x",
      "",
    );
    const tensors = modality.tensors(await sent.read(0));
    assert.deepEqual(listOf(tensors, "nodes"), [1, 2, 0]);
    assert.deepEqual(listOf(tensors, "values"), [0, 0, 0]);
    // Another run reads them as the first does.
    await inFolder(async (folder) => {
      const file = join(folder, FILE);
      await writeFile(file, learned[FILE]!);
      const again = await graph.learn!(source, { ...options, attributesFrom: file });
      assert.deepEqual(learnedIn(again), learnedIn(learned));
      await writeFile(file, "{}");
      await assert.rejects(graph.learn!(source, { ...options, attributesFrom: file }), UserError);
    });
  }));

test("options say what attributes are", async () => {
  const data = {
    "s.json": JSON.stringify(
      [1, 2, 3].map((size) => ({
        nodes: [
          { size, kind: "x" },
          { size: 7, kind: `${size}` },
        ],
        links: [],
      })),
    ),
  };
  await settled(
    data,
    async ({ modality, learned }) => {
      assert.equal(modality.graphs.valueDim, 0);
      assert.deepEqual(learnedIn(learned).leftOut, [{ name: "kind", why: "as asked" }]);
    },
    { categories: ["size"], leaveOut: ["kind"] },
  );
  await assert.rejects(
    settled(data, async () => undefined, { leaveOut: ["none"] }),
    /--leave-out none: no such attribute; there are: size, kind/,
  );
});

test("a large graph's node has the vector that it has in the whole graph", () =>
  inFolder(async (folder) => {
    const { nodes, edges } = communities(40);
    await writeFile(join(folder, "nodes.csv"), nodes);
    await writeFile(join(folder, "edges.csv"), edges);
    const { source, options, learned, modality } = await settle(folder, { maxNodes: 80, maxEdges: 200 });
    const arranged = await graph.arrange!(source, options, learned);
    assert.deepEqual([arranged.length, arranged.perBatch, source.length], [1, 1, 80]);
    const whole = modality.tensors(await arranged.read(0));
    assert.deepEqual([whole.nodes?.shape, whole.readout?.shape], [[80, 1], [80]]);
    const definition = await encoders.load("gcn");
    const encoder = definition.build(definition.options.parse({ width: 8, norm: "none" }), modality.specs);
    const params = encoder.init(new Rng(1));
    const shapes = Object.fromEntries(
      Object.entries(whole).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
    );
    // All rows of one sample, as one vector.
    const all = await embedder(
      { ...encoder, embedDim: 80 * 8 },
      params,
      { ...modality, specs: shapes },
      { batchSize: 1 },
    );
    const each = await embedder(encoder, params, modality, { batchSize: 16 });
    const expected = await all.embed([whole]);
    const rows = await Promise.all(
      Array.from({ length: 80 }, async (_, at) => modality.tensors(await source.read(at))),
    );
    const vectors = await each.embed(rows);
    const farthest = vectors.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
    assert.ok(farthest < 1e-5, `${farthest}`);
    assert.ok(vectors.some((value) => Math.abs(value) > 0.01));
    await all.dispose();
    await each.dispose();
  }));

test("views of a large graph keep nodes in place, and count the edges that are left", () =>
  inFolder(async (folder) => {
    const { nodes, edges } = communities(20);
    await writeFile(join(folder, "nodes.csv"), nodes);
    await writeFile(join(folder, "edges.csv"), edges);
    const { source, options, learned, modality } = await settle(folder, { dropEdges: [0.5, 0], hideColumns: 0 });
    const arranged = await graph.arrange!(source, options, learned);
    const whole = await arranged.read(0);
    const [first, second, usual] = [0, 1]
      .map((view) => modality.tensors(modality.augment(whole, new Rng(1), view)))
      .concat(modality.tensors(whole)) as [TensorRecord, TensorRecord, TensorRecord];
    assert.deepEqual(second, usual);
    assert.deepEqual(first.values, usual.values);
    const sum = (tensors: TensorRecord) => listOf(tensors, "degrees").reduce((total, one) => total + one, 0);
    const count = (tensors: TensorRecord) =>
      listOf(tensors, "edges").filter((code, at) => at % 3 === 2 && code > 0).length;
    assert.equal(sum(first), 2 * count(first));
    assert.equal(sum(usual), 2 * count(usual));
    assert.ok(Math.abs(count(first) / count(usual) - 0.5) < 0.05);
  }));

test("a graph above the limit of training nodes is learned from in random parts", () =>
  inFolder(async (folder) => {
    const { nodes, edges } = communities(40);
    await writeFile(join(folder, "nodes.csv"), nodes);
    await writeFile(join(folder, "edges.csv"), edges);
    const { source, options, learned, modality } = await settle(folder, { trainNodes: 16, pack: true });
    assert.ok(!modality.graphs.isPacked);
    const arranged = await graph.arrange!(source, options, learned);
    assert.equal(arranged.length, 20);
    const shapes = new Set<string>();
    for (let at = 0; at < arranged.length; at++) {
      const { nodes: codes, edges: links, readout } = modality.tensors(await arranged.read(at));
      shapes.add(`${codes?.shape} ${links?.shape} ${readout?.shape}`);
      assert.ok(codes?.data.every((code) => code > 0));
    }
    assert.equal(shapes.size, 1);
    const again = await graph.reopen(structuredClone(arranged.manifest), options);
    assert.deepEqual(modality.tensors(await again.read(3)), modality.tensors(await arranged.read(3)));
  }));

test("packed samples hold whole graphs, each once", () =>
  inFolder(async (folder) => {
    await writeGraphs(folder, 12);
    const { source, options, learned, modality } = await settle(folder, { pack: true });
    assert.ok(modality.graphs.isPacked);
    const arranged = await graph.arrange!(source, options, learned);
    assert.ok(arranged.length < source.length / 3, `${arranged.length}`);
    let [packed, apart] = [0, 0];
    const present = (tensors: TensorRecord) =>
      listOf(tensors, "nodes").filter((code, at) => at % modality.graphs.nodeSizes.length === 0 && code > 0).length;
    for (let at = 0; at < arranged.length; at++) packed += present(modality.tensors(await arranged.read(at)));
    for (let at = 0; at < source.length; at++) apart += present(modality.tensors(await source.read(at)));
    assert.equal(packed, apart);
  }));

test("samples are shown in a line and drawn", async () => {
  await settled(tu("T"), async ({ source, modality }) => {
    const { text, picture } = modality.show(await source.read(0));
    assert.equal(text, "3 nodes, 3 edges; node label 0 × 2, 3");
    assert.ok(picture && new Set(picture.rgb).size > 3);
  });
  const { nodes, edges } = communities(10);
  await settled({ "nodes.csv": nodes, "edges.csv": edges }, async ({ source, modality }) => {
    assert.match(modality.show(await source.read(0)).text, /^\d+ neighbours?; words( \d+)+$/);
  });
});
