import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { embed } from "../../src/evaluation/collection/embed.ts";
import { readEmbeddings } from "../../src/interop/parquet.ts";
import { serve } from "../../src/serving/serve.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { inFolder, writeImages } from "../support/cli.ts";
import { jsonOf } from "../support/http.ts";
import { vectorRun } from "../support/vectors.ts";

const json = (body: unknown) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

const assertNear = (actual: number[][], expected: Float32Array) => {
  const flat = actual.flat();
  assert.equal(flat.length, expected.length);
  for (const [at, value] of flat.entries())
    assert.ok(Math.abs(value - expected[at]!) < 1e-4, `${value} ${expected[at]}`);
};

test("a text run's embeddings over HTTP are those that embed writes, one by one and together", () =>
  inFolder(async (folder) => {
    const data = join(folder, "texts.csv");
    const words = ["red", "green", "blue", "old", "new", "cat", "dog", "house"];
    const texts = Array.from({ length: 16 }, (_, row) => [0, 1, 2].map((at) => words[(row * (at + 3)) % 8]).join(" "));
    await writeFile(data, `text\n${texts.join("\n")}\n`);
    const run = await pretrain({
      data,
      out: join(folder, "run"),
      modality: "text",
      method: "bert",
      encoderOptions: { width: 16, depth: 1, heads: 2 },
      modalityOptions: { maxLength: 8, pack: false },
      training: { epochs: 1, batchSize: 8, workers: 0, threads: 1 },
    });
    const out = join(folder, "texts.parquet");
    await embed({ run, data, out });
    const { data: vectors, dim, paths } = await readEmbeddings(out);
    const server = await serve({ run, port: 0, in: out, batch: 10, threads: 1 });
    try {
      const answer = await jsonOf(fetch(`${server.url}/embed`, json({ inputs: texts })));
      assert.equal(answer.dim, dim);
      assertNear(answer.embeddings, vectors);
      const single = await Promise.all(
        texts.map(async (text) => (await jsonOf(fetch(`${server.url}/embed`, json({ input: text })))).embeddings[0]),
      );
      assertNear(single, vectors);
      const { neighbours } = await jsonOf(fetch(`${server.url}/search?top=3`, json({ input: texts[5] })));
      assert.equal(neighbours[0].length, 3);
      assert.ok(neighbours[0][0].similarity > 0.9999);
      // Equal texts are equally near.
      assert.equal(texts[paths.indexOf(neighbours[0][0].path)], texts[5]);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      assert.match(metrics, /^process_resident_memory_bytes \d+/m);
      assert.match(metrics, /^autodidact_requests_total\{route="\/embed",status="200"\} 17$/m);
      const health = await jsonOf(fetch(`${server.url}/health`));
      assert.deepEqual(
        [health.status, health.modality, health.dim, health.searched, health.batchSizes],
        ["ok", "text", dim, 16, [1, 2, 4, 8, 10]],
      );
    } finally {
      await server.stop();
    }
    await assert.rejects(fetch(`${server.url}/health`));
  }));

test("what cannot be served is refused before the server listens", () =>
  inFolder(async (folder) => {
    const vectors = await pretrain(await vectorRun(folder));
    await assert.rejects(serve({ run: vectors, port: 0 }), {
      name: "UserError",
      message: /cannot be sent in a request/,
    });

    const images = join(folder, "images");
    await writeImages(images, 4);
    const imageRun = (width: number) =>
      pretrain({
        data: images,
        out: join(folder, `run${width}`),
        method: "simclr",
        encoder: "resnet",
        encoderOptions: { layers: "8", width, stem: "stride2" },
        modalityOptions: { imageSize: 16 },
        training: { epochs: 1, batchSize: 8, workers: 0, threads: 1 },
      });
    const [run, other] = [await imageRun(4), await imageRun(8)];
    const file = join(folder, "images.parquet");
    await embed({ run, data: images, out: file });
    await assert.rejects(serve({ run: other, port: 0, in: file }), { name: "UserError", message: /embed again/ });
    const server = await serve({ run, port: 0, batch: 1, threads: 1 });
    try {
      assert.deepEqual(server.routes, ["/embed"]);
      const port = Number(new URL(server.url).port);
      await assert.rejects(serve({ run, port, batch: 1, threads: 1 }), { name: "UserError", message: /it is in use/ });
      const body = new Uint8Array(await readFile(join(images, "class0", "0.png")));
      const answer = await fetch(`${server.url}/predict`, {
        method: "POST",
        headers: { "content-type": "image/png" },
        body,
      });
      assert.equal(answer.status, 404);
      assert.match((await jsonOf(answer)).error, /head/);
    } finally {
      await server.stop();
    }
  }));
