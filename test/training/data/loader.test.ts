import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { tree } from "../../../src/array/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { trustCode } from "../../../src/foundation/user-file.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { createLoader, type Loader } from "../../../src/training/data/loader.ts";

trustCode();
const root = await mkdtemp(join(tmpdir(), "autodidact-loader-"));
after(() => rm(root, { recursive: true }));
const COUNT = 11;
const BROKEN = 4;
const fileOf = (index: number) => `${String(index).padStart(2, "0")}.png`;
for (let index = 0; index < COUNT; index++) {
  const data = Uint8Array.from({ length: 40 * 40 }, (_, at) => (at * (index + 3)) % 256);
  const picture = sharp(data, { raw: { width: 40, height: 40, channels: 1 } }).png();
  await writeFile(join(root, fileOf(index)), index === BROKEN ? "no picture" : await picture.toBuffer());
}
const source = await image.open(root);
const tiny = fileURLToPath(new URL("../../fixtures/tiny-method.ts", import.meta.url));

const task = (overrides: { indices?: Int32Array; crash?: boolean; method?: string } = {}) => ({
  modality: { name: "image", options: { imageSize: 8, channels: 1 } },
  encoder: { name: "vit", options: { width: 8, depth: 1, heads: 1, patchSize: 4 } },
  method: overrides.method
    ? { name: overrides.method, options: {} }
    : { name: tiny, options: { crash: overrides.crash ?? false } },
  manifest: source.manifest,
  indices: overrides.indices ?? Int32Array.from({ length: COUNT }, (_, index) => index),
  batchSize: 3,
  seed: 7,
});

async function take(loader: Loader, steps: number) {
  const batches: (readonly [path: string, shape: readonly number[], values: number[]])[][] = [];
  for (let step = 0; step < steps; step++) {
    const { batch, waitMs } = await loader.next();
    assert.ok(waitMs >= 0);
    batches.push(tree.entries(batch).map(([path, { shape, data }]) => [path, shape, [...data]] as const));
  }
  const broken = loader.broken();
  await loader.close();
  return { batches, broken };
}

test("batches are the same whatever the number of workers, and the first step", async () => {
  const alone = await take(createLoader(task(), 0), 7);
  const shared = await take(createLoader(task(), 2), 7);
  const resumed = await take(createLoader(task(), 2, 4), 3);
  assert.deepEqual(shared.batches, alone.batches);
  assert.deepEqual(resumed.batches, alone.batches.slice(4));
  assert.deepEqual(
    alone.batches[0]?.map(([path, shape]) => [path, shape]),
    [
      ["views.0.pixels", [3, 1, 8, 8]],
      ["draw", [3]],
    ],
  );
  assert.notDeepEqual(alone.batches[0], alone.batches[3], "another epoch, another order and other views");
});

test("an entry that cannot be read is replaced and reported once", async () => {
  // An epoch of the eleven entries has three batches of three; within seven the broken one occurs.
  const { batches, broken } = await take(createLoader(task(), 2), 7 * 3);
  assert.equal(batches.length, 21);
  assert.deepEqual(
    broken.map(({ name }) => name),
    [fileOf(BROKEN)],
  );
  assert.match(broken[0]?.reason ?? "", /text, not an image/);
});

test("when no entry can be read, the error says so", async () => {
  for (const workers of [0, 1]) {
    const loader = createLoader(task({ indices: Int32Array.of(BROKEN, BROKEN, BROKEN) }), workers);
    await assert.rejects(loader.next(), UserError);
    await loader.close();
  }
});

test("a mistake in the configuration reaches the user as a UserError from the worker", async () => {
  const loader = createLoader(task({ method: "no-such-method" }), 1);
  await assert.rejects(loader.next(), UserError);
  await loader.close();
});

test("a worker that dies ends the wait", async () => {
  const loader = createLoader(task({ crash: true }), 1);
  await assert.rejects(loader.next(), /data worker/);
  await assert.rejects(loader.next(), /data worker/);
  await loader.close();
});
