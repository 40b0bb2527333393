/** A run on pairs over HTTP: samples of either side, in one space. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { embed, openRun, pretrain, serve } from "../../src/index.ts";
import { trainOnKinds, writeKinds } from "../fixtures/clip-run.ts";
import { inFolder } from "../support/cli.ts";
import { jsonOf } from "../support/http.ts";
import { json } from "./parts.ts";

test("images are found by a text and by an image, and both are embedded in one space", () =>
  inFolder(async (folder) => {
    const data = await writeKinds(folder);
    await trainOnKinds(data, join(folder, "run"));
    const run = await openRun(join(folder, "run"));
    const out = join(folder, "images.parquet");
    await embed({ run, data, side: "image", out });
    const server = await serve({ run, port: 0, in: out, batch: 4, threads: 1 });
    try {
      assert.deepEqual(server.routes, ["/embed", "/search"]);
      const words = json({ inputs: ["a small green square", "a large red square"] });
      const { neighbours } = await jsonOf(fetch(`${server.url}/search?top=2`, words));
      const kindOf = ({ path }: { path: string }) => Number(/(\d+)\.png/.exec(path)![1]) % 8;
      assert.deepEqual(
        neighbours.map((found: { path: string }[]) => found.map(kindOf)),
        [
          [1, 1],
          [4, 4],
        ],
      );
      const image = await readFile(join(folder, "images", "4.png"));
      const sent = { method: "POST", headers: { "content-type": "image/png" }, body: image };
      const byImage = await jsonOf(fetch(`${server.url}/search?top=1`, sent));
      assert.ok(byImage.neighbours[0][0].similarity > 0.999);
      const [ofWords, ofImage] = [
        await jsonOf(fetch(`${server.url}/embed`, words)),
        await jsonOf(fetch(`${server.url}/embed`, sent)),
      ];
      assert.deepEqual([ofWords.dim, ofImage.dim], [16, 16]);
      const cosine = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
      const [green, red] = ofWords.embeddings.map((vector: number[]) => cosine(vector, ofImage.embeddings[0]));
      assert.ok(red > green + 0.2, `${red} ${green}`);
      const health = await jsonOf(fetch(`${server.url}/health`));
      assert.deepEqual([health.dim, health.sides, health.searched], [16, ["image", "text"], 80]);
      const other = { ...sent, headers: { "content-type": "audio/wav" } };
      const refused = await fetch(`${server.url}/embed`, other);
      assert.equal(refused.status, 415);
      assert.match(await refused.text(), /one image as the body .*; JSON \(application\/json\)/);
      const predicted = await fetch(`${server.url}/predict`, words);
      assert.equal(predicted.status, 404);
      assert.match(await predicted.text(), /only one side/);
    } finally {
      await server.stop();
    }
    const whole = join(folder, "whole.parquet");
    await embed({ run, data, out: whole });
    await assert.rejects(serve({ run, port: 0, in: whole }), {
      name: "UserError",
      message: /one side: autodidact embed/,
    });
  }));

test("pairs without a shared space cannot be served whole", () =>
  inFolder(async (folder) => {
    const run = await pretrain({
      ...{ data: await writeKinds(folder), out: join(folder, "run"), method: "m3ae", encoder: "joint" },
      modalityOptions: { imageSize: 16, maxLength: 16 },
      encoderOptions: { width: 8, depth: 1, heads: 2, patchSize: 8 },
      training: { epochs: 1, batchSize: 40, workers: 0, threads: 1 },
    });
    await assert.rejects(serve({ run, port: 0 }), { name: "UserError", message: /no space that image and text share/ });
  }));
