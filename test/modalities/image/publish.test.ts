/** What transformers.js answers with an exported model, against our own answers for the same files. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { AutoProcessor, env, pipeline, RawImage } from "@huggingface/transformers";
import sharp from "sharp";
import { Rng } from "../../../src/array/index.ts";
import { resnet } from "../../../src/encoders/resnet.ts";
import { exportModel } from "../../../src/interop/export.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { imagePublisher } from "../../../src/modalities/image/publish/index.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import { embedder } from "../../../src/training/features.ts";

const SIDE = 32;
const [WIDTH, HEIGHT] = [1000, 800];
const PHOTOS = 10;

const root = await mkdtemp(join(tmpdir(), "autodidact-publish-"));
after(() => rm(root, { recursive: true, force: true }));

const card = {
  ...{ method: "simclr", paper: "p", encoder: "resnet", encoderPaper: "p", data: "photos", note: "" },
  ...{ entries: PHOTOS, steps: 1, epochs: 1, seed: 0, embedDim: 32 },
};

/** A photo much larger than the model: large areas, as all of them have, and fine texture of its own. */
async function photo(seed: number): Promise<Buffer> {
  const rng = new Rng(seed);
  const noise = (columns: number, rows: number, amount: number) =>
    sharp(Buffer.from(Uint8Array.from({ length: columns * rows * 3 }, () => 128 + amount * (2 * rng.uniform() - 1))), {
      raw: { width: columns, height: rows, channels: 3 },
    });
  const texture = await noise(WIDTH / 2, HEIGHT / 2, 127)
    .resize(WIDTH, HEIGHT, { kernel: "nearest" })
    .png()
    .toBuffer();
  const areas = noise(10, 8, 60).resize(WIDTH, HEIGHT, { kernel: "cubic" });
  return areas
    .composite([{ input: await sharp(texture).ensureAlpha(0.5).png().toBuffer() }])
    .removeAlpha()
    .png()
    .toBuffer();
}

async function exported(name: string, channels: 1 | 3) {
  const modality = image.build(image.options.parse({ imageSize: SIDE, channels }));
  const encoder = resnet.build(resnet.options.parse({ layers: "10", width: 4, stem: "small" }), modality.specs);
  const params = encoder.init(new Rng(3));
  const out = join(root, name);
  const model = { encoder, params: { encoder: params }, modality };
  await exportModel({ model, publisher: imagePublisher, card, out });
  env.allowRemoteModels = false;
  env.localModelPath = root;
  return { out, modality, encoder, params };
}

const blob = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)]);
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at]! - b[at]!) ** 2;
  return Math.sqrt(sum / a.length);
};

let photos: Buffer[] = [];
let colour: Awaited<ReturnType<typeof exported>>;
before(async () => {
  photos = await Promise.all(Array.from({ length: PHOTOS }, (_, seed) => photo(seed)));
  colour = await exported("colour", 3);
});

/** The mean distance of transformers.js' pixels from ours, in standard deviations. */
async function disagreement(folder: string, files: readonly Buffer[], reference = files): Promise<number> {
  const read = await AutoProcessor.from_pretrained(folder);
  let sum = 0;
  for (const [at, file] of files.entries()) {
    const { pixel_values: theirs } = await read(await RawImage.read(blob(file)));
    const ours = colour.modality.tensors(await decode(reference[at]!)).pixels.data;
    sum += distance(theirs.data, ours);
  }
  return sum / files.length;
}

test("on photos much larger than the model, each is first among our vectors", async () => {
  const { encoder, params, modality, out } = colour;
  const direct = await embedder(encoder, params, modality, { batchSize: PHOTOS });
  const rows = await Promise.all(photos.map(async (file) => modality.tensors(await decode(file))));
  const ours = await direct.embed(rows);
  await direct.dispose();
  const extract = await pipeline("image-feature-extraction", basename(out), { dtype: "fp32" });
  for (const [at, file] of photos.entries()) {
    const { data } = await extract(await RawImage.read(blob(file)), { pool: true });
    const distances = photos.map((_, row) =>
      distance(data as Float32Array, ours.subarray(row * encoder.embedDim, (row + 1) * encoder.embedDim)),
    );
    assert.equal(distances.indexOf(Math.min(...distances)), at, `photo ${at}`);
  }
  await extract.dispose();
});

test("no other filter of transformers.js comes closer to ours", async () => {
  const config = JSON.parse(await readFile(join(colour.out, "preprocessor_config.json"), "utf8"));
  const jpegs = await Promise.all(photos.slice(0, 4).map((file) => sharp(file).jpeg({ quality: 90 }).toBuffer()));
  const chosen = await disagreement("colour", jpegs);
  for (const resample of [0, 2, 3]) {
    const other = await exported(`resample-${resample}`, 3);
    await writeFile(join(other.out, "preprocessor_config.json"), JSON.stringify({ ...config, resample }));
    const distances = await disagreement(basename(other.out), jpegs);
    assert.ok(chosen < 0.6 * distances, `chosen ${chosen}, ${resample}: ${distances}`);
  }
});

test("transparent images agree once they lie on white as the card says, and it says so", async () => {
  const readme = await readFile(join(colour.out, "README.md"), "utf8");
  assert.match(readme, /sharp\(file\)\.flatten\(\{ background: "white" \}\)\.toColourspace\("srgb"\)/);
  assert.match(readme, /`resample=2` is Autodidact's own filter/);
  const files = photos.slice(0, 3);
  const solid = await disagreement("colour", files);
  const half = Buffer.from(Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => (at % WIDTH < WIDTH / 2 ? 0 : 255)));
  const mask = { raw: { width: WIDTH, height: HEIGHT, channels: 1 as const } };
  const transparent = await Promise.all(files.map((file) => sharp(file).joinChannel(half, mask).png().toBuffer()));
  const grey = await Promise.all(
    files.map(async (file) => {
      const { data } = await sharp(file).greyscale().toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
      const both = Buffer.from(
        Uint8Array.from({ length: 2 * data.length }, (_, at) => (at % 2 ? half : data)[at >> 1]!),
      );
      return sharp(both, { raw: { width: WIDTH, height: HEIGHT, channels: 2 } })
        .toColourspace("b-w")
        .png()
        .toBuffer();
    }),
  );
  assert.equal((await sharp(grey[0]!).metadata()).channels, 2);
  for (const set of [transparent, grey]) {
    const onWhite = await Promise.all(
      set.map((file) => sharp(file).flatten({ background: "white" }).toColourspace("srgb").png().toBuffer()),
    );
    assert.ok((await disagreement("colour", onWhite, set)) < 1.3 * solid);
  }
});

test("a model of grey images reads colour and grey files as its card does", async () => {
  const { out, modality } = await exported("grey", 1);
  assert.match(
    await readFile(join(out, "README.md"), "utf8"),
    /await run\(\(await RawImage\.read\("photo\.jpg"\)\)\.grayscale\(\)/,
  );
  const read = await AutoProcessor.from_pretrained("grey");
  const small = await Promise.all(
    [sharp(photos[0]!).jpeg(), sharp(photos[0]!).greyscale().jpeg(), sharp(photos[0]!).greyscale().png()].map(
      (format) => format.toBuffer(),
    ),
  );
  for (const file of small) {
    const { pixel_values: theirs } = await read((await RawImage.read(blob(file))).grayscale());
    assert.deepEqual(theirs.dims, [1, 1, SIDE, SIDE]);
    assert.ok(distance(theirs.data, modality.tensors(await decode(file)).pixels.data) < 0.3);
  }
});
