import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import sharp from "sharp";
import { Rng } from "../../../src/array/rng.ts";
import { prepare } from "../../../src/modalities/image/augment.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { splitLab } from "../../../src/modalities/image/transforms/lab.ts";
import { rotateQuarters } from "../../../src/modalities/image/transforms/rotate.ts";
import { moved } from "../../../src/modalities/image/transforms/shift.ts";
import { solarize } from "../../../src/modalities/image/transforms/solarize.ts";
import { warp } from "../../../src/modalities/image/transforms/warp.ts";
import { type Image, withBits, withChannels } from "../../../src/pixels/image.ts";
import { colorJitter, toGreyscale } from "../../../src/pixels/transforms/color-jitter.ts";
import { horizontalFlip } from "../../../src/pixels/transforms/flip.ts";
import { gaussianBlur } from "../../../src/pixels/transforms/gaussian-blur.ts";
import { randomResizedCrop } from "../../../src/pixels/transforms/random-resized-crop.ts";

const SIDE = 24;
const folder = await mkdtemp(join(tmpdir(), "deep-"));
after(() => rm(folder, { recursive: true }));

const jitter = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
const range = { degrees: 20, translate: 0.1, zoom: 0.2, shear: 10, elastic: 0.05 };
/** Every transform, and by how many of 255 levels it may differ between bytes and 16 bits, as each step rounds. */
const transforms: readonly (readonly [name: string, levels: number, (view: Image, rng: Rng) => Image])[] = [
  ["flip", 0, horizontalFlip],
  ["quarter turn", 0, (view) => rotateQuarters(view, 1)],
  ["shift", 0, (view) => moved(view, 3, -2)],
  ["grey", 1, toGreyscale],
  ["one channel", 1, (view) => withChannels(view, 1)],
  ["crop", 1, (view, rng) => randomResizedCrop(view, 16, [0.3, 1], rng)],
  ["blur", 1, (view, rng) => gaussianBlur(view, 5, rng.uniform(0.1, 2))],
  ["warp", 1, (view, rng) => warp(view, SIDE, range, rng)],
  ["jitter", 9, (view, rng) => colorJitter(view, jitter, rng)],
  ["lightness", 1, (view) => splitLab(view).lightness],
];

test("transforms do the same to 16 bits as to bytes, only finer", () => {
  const images = fc
    .uint8Array({ minLength: 3 * SIDE * SIDE, maxLength: 3 * SIDE * SIDE })
    .map((data): Image => ({ width: SIDE, height: SIDE, channels: 3, data }));
  fc.assert(
    fc.property(images, fc.nat(), fc.constantFrom(...transforms), (plain, seed, [name, levels, change]) => {
      const deep = change(withBits(plain, 16), new Rng(seed));
      const bytes = change(plain, new Rng(seed));
      assert.ok(deep.data instanceof Uint16Array && bytes.data instanceof Uint8Array, name);
      assert.deepEqual([deep.width, deep.height, deep.channels], [bytes.width, bytes.height, bytes.channels]);
      deep.data.forEach((value, at) => {
        const difference = Math.abs(value / 257 - bytes.data[at]!);
        assert.ok(difference <= levels, `${name}: ${value / 257} and ${bytes.data[at]} at ${at}`);
      });
    }),
    { numRuns: 60 },
  );
});

test("solarising inverts the upper half of either", () => {
  const data = Uint16Array.of(0, 32_767, 32_768, 65_535);
  assert.deepEqual([...solarize({ width: 2, height: 2, channels: 1, data }).data], [0, 32_767, 32_767, 0]);
});

const write = (name: string, values: Uint16Array) =>
  sharp(values, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toColourspace("grey16")
    .png()
    .toBuffer()
    .then((bytes) => writeFile(join(folder, name), bytes));

test("12 bits of a scanner come into the tensor with all their precision; bytes among them are said and scaled", async () => {
  const scans = Array.from({ length: 4 }, (_, scan) =>
    Uint16Array.from({ length: SIDE * SIDE }, (_, at) => (at * 37 + scan * 1001) % 4096),
  );
  for (const [index, values] of scans.entries()) await write(`${index}.png`, values);
  const source = await image.open(folder);
  const options = image.options.parse(await image.infer(source));
  assert.deepEqual([options.bits, options.channels, options.imageSize], [12, 1, SIDE]);
  assert.deepEqual(source.notes, []);
  const [mean, std] = [options.mean![0]!, options.std![0]!];
  const all = scans.flatMap((values) => [...values].map((value) => value / 4095));
  const average = all.reduce((sum, value) => sum + value, 0) / all.length;
  assert.ok(Math.abs(mean - average) < 1e-4, `${mean} and ${average}`);
  const modality = image.build(options);
  const again = await image.reopen(structuredClone(source.manifest), options);
  for (const [index, values] of scans.entries())
    for (const opened of [source, again]) {
      const { data } = modality.tensors(await opened.read(index)).pixels!;
      values.forEach((value, at) => {
        const wanted = (value / 4095 - mean) / std;
        assert.ok(Math.abs(data[at]! - wanted) < 1e-4, `${data[at]} instead of ${wanted}`);
      });
    }
  const view = modality.augment!(await source.read(0), new Rng(1));
  assert.ok((view as Image).data instanceof Uint16Array, "views have 16 bits, too");
  assert.match((await modality.show(await source.read(0))).text, /24 × 24 grey, 16 bits/);
  await source.close();
  await again.close();

  const bytes = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => at % 256);
  const plain = sharp(bytes, { raw: { width: SIDE, height: SIDE, channels: 1 } }).toColourspace("b-w");
  await writeFile(join(folder, "plain.png"), await plain.png().toBuffer());
  const mixed = await image.open(folder);
  assert.match(
    mixed.notes?.[0] ?? "",
    /4 of 5 sampled images have samples of 16 bits \(0\.png\), the others of 8 \(plain\.png\)/,
  );
  assert.equal((await image.infer(mixed)).bits, 12);
  const last = prepare(await mixed.read(4), options);
  assert.deepEqual([last.data[255], last.data[1]], [65_535, 257]);
  await mixed.close();
});

test("with 8 bits, samples of 16 become bytes, and those of fewer bits are refused as they would be black", async () => {
  const source = await image.open(folder);
  const options = image.options.parse({ imageSize: SIDE, channels: 1, bits: 8 });
  const plain = await image.reopen({ ...(source.manifest as object), cache: undefined }, options);
  await assert.rejects(plain.read(0), /none is above 4,092/);
  await plain.close();
  await source.close();
});

test("RandAugment, cutout and erasing work on views of 16 bits", () => {
  const options = { imageSize: 16, channels: 1, bits: 14, randAugment: 2, cutout: 0.5, erasing: 1, mean: [0.5] };
  const modality = image.build(image.options.parse({ ...options, std: [0.2] }));
  const data = Uint16Array.from({ length: 24 * 24 }, (_, at) => (at * 31) % 16_384);
  for (let seed = 0; seed < 20; seed++) {
    const view = modality.augment!({ width: 24, height: 24, channels: 1, data }, new Rng(seed)) as Image;
    assert.ok(view.data instanceof Uint16Array && view.data.length === 256);
  }
});
