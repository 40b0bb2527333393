import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { embed } from "../../src/evaluation/collection/embed.ts";
import { finetune } from "../../src/evaluation/labels/finetune.ts";
import { readEmbeddings } from "../../src/interop/parquet.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { autodidact, writeImages } from "../support/cli.ts";
import { jsonOf } from "../support/http.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** Starts `autodidact serve` in its own process and waits until it listens. */
async function served(...args: string[]) {
  const child = spawn(process.execPath, [main, "serve", ...args, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  const stderr = text(child.stderr);
  const exited = once(child, "exit");
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(async () => {
      throw new Error(await stderr);
    }),
  ]);
  return { child, line: String(line), url: String(line).split(": ")[0]!, exited, stderr };
}

let folder = "";
let paths: string[] = [];
const inside = (name: string) => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "autodidact-serve-"));
  paths = await writeImages(inside("images"), 8);
  const run = await pretrain({
    data: inside("images"),
    out: inside("run"),
    method: "simclr",
    encoder: "resnet",
    encoderOptions: { layers: "8", width: 4, stem: "stride2" },
    modalityOptions: { imageSize: 16 },
    training: { epochs: 1, batchSize: 8, workers: 0, threads: 1 },
  });
  await embed({ run, data: inside("images"), out: inside("images.parquet") });
});
after(() => rm(folder, { recursive: true, force: true }));

test("serve returns what embed and search return, and shuts down cleanly", { timeout: 120_000 }, async () => {
  const table = inside("images.parquet");
  const embeddings = await readEmbeddings(table);
  const { child, line, url, exited, stderr } = await served(
    inside("run"),
    "--in",
    table,
    "--batch",
    "4",
    "--threads",
    "1",
  );
  assert.match(line, /^http:\/\/127\.0\.0\.1:\d+: POST \/embed, \/search; GET \/health, \/metrics$/);
  const post = async (route: string, path: string) => {
    const body = new Uint8Array(await readFile(path));
    return fetch(`${url}${route}`, { method: "POST", headers: { "content-type": "image/png" }, body });
  };
  const answers = await Promise.all(paths.map(async (path) => jsonOf(post("/embed", path))));
  for (const [at, { embeddings: vectors, dim }] of answers.entries()) {
    assert.equal(dim, embeddings.dim);
    const row = embeddings.paths.findIndex((name) => paths[at]!.endsWith(name));
    for (const [column, value] of vectors[0].entries())
      assert.ok(Math.abs(value - embeddings.data[row * dim + column]!) < 1e-4);
  }
  const { neighbours } = await jsonOf(post("/search?top=2", paths[3]!));
  assert.ok(paths[3]!.endsWith(neighbours[0][0].path));
  assert.equal(neighbours[0][0].label, "class0");
  assert.ok(Math.abs(neighbours[0][0].similarity - 1) < 1e-3);
  assert.equal((await post("/predict", paths[0]!)).status, 404);

  // Stopped while requests are pending.
  const late = paths.map((path) => post("/embed", path));
  const health = await fetch(`${url}/health`);
  assert.equal((await jsonOf(health)).status, "ok");
  const statuses = Promise.all(late.map(async (answer) => (await answer).status));
  while ((await samplesSeen(url)) < 2 * paths.length) {}
  child.kill("SIGTERM");
  assert.deepEqual(
    await statuses,
    paths.map(() => 200),
  );
  assert.deepEqual(await exited, [0, null]);
  assert.match(await stderr, /^stopping: accepted requests are finished/);
});

/** Requests to /embed that are finished or in progress. */
async function samplesSeen(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const valueOf = (name: RegExp) => Number(name.exec(metrics)?.[1] ?? 0);
  return (
    valueOf(/^autodidact_requests_total\{route="\/embed",status="200"\} (\d+)$/m) +
    valueOf(/^autodidact_samples_in_progress (\d+)$/m)
  );
}

test("predict and serve give the same predictions", { timeout: 120_000 }, async () => {
  const tuned = inside("tuned");
  await finetune({ from: inside("run"), train: inside("images"), out: tuned, steps: 4, training: { workers: 0 } });
  await writeFile(inside("images/class1/broken.png"), "no picture");
  const out = inside("predictions.csv");
  const { code, stdout, stderr } = autodidact("predict", tuned, inside("images"), "--out", out, "--top", "2");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^class1\/broken\.png: not a decodable image .*; skipped$/m);
  assert.match(stdout, /16 predictions \(classification\), 1 broken entries skipped/);
  const rows = parse<Record<string, string>>(await readFile(out, "utf8"), { columns: true });
  assert.deepEqual(Object.keys(rows[0]!), ["path", "prediction", "probability", "prediction_2", "probability_2"]);
  assert.equal(rows.length, paths.length);
  const { child, line, url, exited } = await served(tuned, "--batch", "4", "--threads", "1");
  assert.match(line, /: POST \/embed, \/predict; GET/);
  for (const row of rows) {
    const sum = Number(row.probability) + Number(row.probability_2);
    assert.ok(Math.abs(sum - 1) < 1e-5 && Number(row.probability) >= 0.5);
    const body = new Uint8Array(await readFile(inside(join("images", row.path!))));
    const { task, predictions } = await jsonOf(
      fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "image/png" }, body }),
    );
    assert.equal(task, "classification");
    assert.equal(predictions[0].prediction, row.prediction);
    assert.ok(Math.abs(predictions[0].probability - Number(row.probability)) < 1e-4);
  }
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
});

test("serve and predict report mistakes on one line", { timeout: 120_000 }, () => {
  const [run, images, out] = [inside("run"), inside("images"), inside("none.csv")];
  const cases: [string[], RegExp][] = [
    [["serve", images], /not a run/],
    [["serve", run, "--port", "70000"], /--port 70000: must be at most 65535/],
    [["serve", run, "--max-body", "lots"], /--max-body lots: must be a size such as 500kb, 10mb or 1gb/],
    [["serve", run, "--drain", "soon"], /--drain soon: must be a time such as 5s or 500ms/],
    [["serve", run, "--body-memory", "1mb"], /memory for bodies of 1048576 bytes: a body may have 10485760/],
    [["serve", run, "--allow-host", "https://a.example"], /allowed host https:\/\/a\.example: must be a name/],
    [["serve", run, "--allow-origin", "a.example"], /allowed origin a\.example: must be a scheme and a host/],
    [["serve", run, "--in", inside("none.parquet")], /no such file/],
    [["predict", run, images, "--out", out], /finetune/],
    [["predict", run, images, "--out", inside("predictions.txt")], /ends in \.csv or \.parquet/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = autodidact(...args);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(stdout, "");
  }
  assert.ok(!existsSync(out));
});
