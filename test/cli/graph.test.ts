import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { communities, writeGraphs } from "../fixtures/graphs.ts";
import { autodidact, inFolder } from "../support/cli.ts";

const run = (...args: string[]): string => {
  const { code, stdout, stderr } = autodidact(...args);
  assert.equal(code, 0, stderr);
  return stdout + stderr;
};
const SMALL = ["--width", "16", "--threads", "1", "--workers", "0"];

test("a folder of graphs is learned from, embedded and told apart", () =>
  inFolder(async (folder) => {
    const [data, out] = [join(folder, "graphs"), join(folder, "run")];
    await writeGraphs(data, 24);
    const said = run(
      ...["pretrain", data, "--out", out, "--preset", "small", "--depth", "2", "--epochs", "6"],
      ...SMALL,
    );
    assert.match(said, /nodes: 1 of categories \(kind\), 3 of numbers \(at 1, at 2, at 3\); of edges: 1 of categories/);
    assert.match(said, /simclr on gin/);
    const table = run("evaluate", out, "--train", data, "--split", "random", "--no-scratch", "--seed", "1");
    assert.match(table, /Weisfeiler–Lehman counts/);
    assert.match(run("embed", out, data, "--out", join(folder, "vectors.parquet")), /48/);
    const { code, stderr } = autodidact("pretrain", join(folder, "none.graphml"), "--out", join(folder, "x"));
    assert.equal(code, 2);
    assert.match(stderr, /none\.graphml/);
  }));

test("the nodes of one graph are learned from as a whole, and judged by their own split", () =>
  inFolder(async (folder) => {
    const [data, out] = [join(folder, "net"), join(folder, "run")];
    const { nodes, edges } = communities(60);
    await mkdir(data);
    await writeFile(join(data, "nodes.csv"), nodes);
    await writeFile(join(data, "edges.csv"), edges);
    const said = run(...["pretrain", data, "--method", "grace", "--out", out, "--epochs", "12"], ...SMALL);
    assert.match(said, /the training sample is the whole graph: 120 nodes/);
    assert.match(said, /grace on gcn, 12 steps/);
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8"));
    assert.deepEqual([config.training.batchSize, config.training.learningRate], [1, 5e-4]);
    const table = run("evaluate", out, "--train", data, "--split", "split", "--no-scratch");
    assert.match(table, /split by split: 60 for training, 20 for validation, 40 for test/);
    assert.match(table, /smoothed attributes \(S³X\)/);
  }));
