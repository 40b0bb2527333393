import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import * as z from "zod";
import { Rng } from "../../../src/array/rng.ts";
import { rotate, shearX, shearY, translate } from "../../../src/modalities/image/transforms/affine.ts";
import { cutout, erased, randomErasing } from "../../../src/modalities/image/transforms/erase.ts";
import { operations, randAugment } from "../../../src/modalities/image/transforms/rand-augment.ts";
import { moved, randomShift } from "../../../src/modalities/image/transforms/shift.ts";
import { solarize } from "../../../src/modalities/image/transforms/solarize.ts";
import { adjustSharpness, autocontrast, equalize, posterize } from "../../../src/modalities/image/transforms/tone.ts";
import type { Image } from "../../../src/pixels/image.ts";
import { adjustBrightness, adjustContrast, adjustSaturation } from "../../../src/pixels/transforms/color-jitter.ts";

const Picture = z.object({ width: z.int(), height: z.int(), data: z.array(z.int()) });
const { inputs, cases, fill } = z
  .object({
    fill: z.array(z.int()),
    inputs: z.object({ image: Picture, few: Picture, many: Picture }),
    cases: z.record(z.string(), Picture),
  })
  .parse(JSON.parse(await readFile(new URL("../../fixtures/pillow/rand-augment.json", import.meta.url), "utf8")));
const read = (picture: z.infer<typeof Picture>, channels: 1 | 3): Image => ({
  ...picture,
  channels,
  data: Uint8Array.from(picture.data),
});
const colour = read(inputs.image, 3);
const grey: Image = { ...colour, channels: 1, data: colour.data.filter((_, at) => at % 3 === 0) };

/** Ours for each case, and by how many of 255 levels a byte may differ: Pillow rounds the grey value of a pixel. */
const ours: Record<string, readonly [Image, number?]> = {
  autocontrast: [autocontrast(colour)],
  "autocontrast grey": [autocontrast(grey)],
  equalize: [equalize(colour)],
  "equalize few": [equalize(read(inputs.few, 1))],
  "equalize many": [equalize(read(inputs.many, 1))],
  "posterize 5": [posterize(colour, 5)],
  "posterize 8": [posterize(colour, 8)],
  "solarize 101.5": [solarize(colour, 101.5)],
  "sharpness 1.54": [adjustSharpness(colour, 1.54)],
  "sharpness 0.46": [adjustSharpness(colour, 0.46)],
  "color 1.54": [adjustSaturation(colour, 1.54), 1],
  "contrast 0.46": [adjustContrast(colour, 0.46), 1],
  "brightness 1.54": [adjustBrightness(colour, 1.54)],
  "rotate 17.3": [rotate(colour, 17.3, fill)],
  "rotate -30": [rotate(colour, -30, fill)],
  "shear x 0.18": [shearX(colour, 0.18, fill)],
  "shear y -0.3": [shearY(colour, -0.3, fill)],
  "translate 4": [translate(colour, 4, 0, fill)],
  "translate down -3": [translate(colour, 0, -3, fill)],
};

for (const [name, expected] of Object.entries(cases))
  test(`as Pillow: ${name}`, () => {
    const [image, tolerance = 0] = ours[name] ?? [];
    assert.ok(image, "the fixture has a case that is not tested");
    assert.deepEqual([image.width, image.height], [expected.width, expected.height]);
    assert.equal(image.data.length, expected.data.length);
    const worst = Math.max(...expected.data.map((value, at) => Math.abs(value - image.data[at]!)));
    assert.ok(worst <= tolerance, `differs by ${worst} levels`);
  });

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom<1 | 3>(1, 3))
  .chain(([width, height, channels]) =>
    fc
      .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
      .map((data): Image => ({ width, height, channels, data })),
  );

test("every operation keeps the shape, writes into nothing, and does nothing at no magnitude but by ranks", () => {
  const ranked = ["autocontrast", "equalize"];
  fc.assert(
    fc.property(pictures, fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(1, -1), (image, share, sign) => {
      const before = image.data.slice();
      for (const [name, operation] of Object.entries(operations)) {
        const result = operation(image, { share, sign, fill });
        assert.deepEqual([result.width, result.height, result.channels], [image.width, image.height, image.channels]);
        assert.equal(result.data.length, before.length, name);
        const still = operation(image, { share: 0, sign, fill });
        const bright = name === "solarize" ? before.map((byte) => (byte === 255 ? 0 : byte)) : before;
        if (!ranked.includes(name)) assert.deepEqual(still.data, bright, name);
      }
      assert.deepEqual(image.data, before);
    }),
  );
});

test("autocontrast and equalize keep the order of bytes, and autocontrast uses all of the range", () => {
  fc.assert(
    fc.property(pictures, (image) => {
      for (const change of [autocontrast, equalize]) {
        const { data } = change(image);
        for (let at = image.channels; at < data.length; at++) {
          const other = at - image.channels;
          if (image.data[at]! >= image.data[other]!) assert.ok(data[at]! >= data[other]!);
        }
      }
      // The darkest byte of a channel becomes 0, and its brightest 255, or 254 by Pillow's rounding down.
      const { data } = autocontrast(image);
      for (let channel = 0; channel < image.channels; channel++) {
        const [from, to] = [image.data, data].map((bytes) => bytes.filter((_, at) => at % image.channels === channel));
        if (new Set(from).size < 2) assert.deepEqual(to, from);
        else assert.ok(Math.min(...to!) === 0 && Math.max(...to!) >= 254);
      }
    }),
  );
});

test("RandAugment: the same seed gives the same view, and all operations are drawn", () => {
  const options = { count: 2, magnitude: 9, probability: 1, fill };
  const view = (seed: number) => randAugment(colour, options, new Rng(seed)).data.join();
  assert.equal(view(3), view(3));
  assert.ok(new Set(Array.from({ length: 200 }, (_, seed) => view(seed))).size > 60);
  assert.equal(randAugment(colour, { ...options, count: 0 }, new Rng(0)), colour);
  assert.equal(randAugment(colour, { ...options, probability: 0 }, new Rng(0)), colour);
  // One operation at a time: each of the fourteen, in both directions.
  const single = new Set(
    Array.from({ length: 600 }, (_, seed) => randAugment(colour, { ...options, count: 1 }, new Rng(seed)).data.join()),
  );
  const expected = Object.values(operations).flatMap((operation) =>
    [1, -1].map((sign) => operation(colour, { share: 0.3, sign, fill }).data.join()),
  );
  assert.deepEqual([...single].sort(), [...new Set(expected)].sort());
});

test("a magnitude of two ends is drawn between them, for every operation", () => {
  const flat: Image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(100) };
  const seen = new Set<number>();
  for (let seed = 0; seed < 4000; seed++) {
    const options = { count: 1, magnitude: [20, 30] as const, probability: 1, fill: [0] };
    seen.add(randAugment(flat, options, new Rng(seed)).data[0]!);
  }
  // Brightness alone changes an even grey but for shifts, solarising and posterising: factors 0.1 to 0.4 and 1.6 to 1.9.
  const factors = [...seen].filter((byte) => ![0, 96, 99, 100, 155].includes(byte)).sort((a, b) => a - b);
  assert.ok(
    factors.every((byte) => (byte >= 9 && byte <= 40) || (byte >= 159 && byte <= 190)),
    factors.join(),
  );
  assert.ok(factors.length > 40);
});

test("cutout erases a square about a pixel, as far as it lies inside", () => {
  const image: Image = { width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(9) };
  const counts = new Set<number>();
  for (let seed = 0; seed < 300; seed++) {
    const { data } = cutout(image, 0.5, [0], new Rng(seed));
    counts.add(data.filter((byte) => byte === 0).length);
  }
  // Sides of 4, cut to 2, 3 or 4 at an edge.
  assert.deepEqual(
    [...counts].sort((a, b) => a - b),
    [4, 6, 8, 9, 12, 16],
  );
  assert.deepEqual(cutout(image, 0, [0], new Rng(0)), image);
});

test("random erasing fills a rectangle of a fiftieth to a third of the image", () => {
  const image: Image = { width: 40, height: 30, channels: 3, data: new Uint8Array(3600).fill(9) };
  const shares: number[] = [];
  for (let seed = 0; seed < 500; seed++) {
    const { data } = randomErasing(image, [1, 2, 3], new Rng(seed));
    const gone = data.filter((byte) => byte === 1).length;
    assert.equal(data.filter((byte) => byte === 2).length, gone);
    assert.equal(data.filter((byte) => byte === 3).length, gone);
    shares.push(gone / 1200);
  }
  shares.sort((a, b) => a - b);
  assert.ok(shares[0]! > 0.015 && shares[499]! < 0.35, `${shares[0]} … ${shares[499]}`);
  assert.ok(shares[25]! < 0.05 && shares[475]! > 0.28, "the range is used");
  const dot: Image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(5) };
  assert.equal(randomErasing(dot, [0], new Rng(0)), dot);
});

test("a box that is erased has the fill, the rest is as it was", () => {
  const image: Image = { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  assert.deepEqual([...erased(image, { left: 1, top: 0, width: 2, height: 1 }, [0]).data], [1, 0, 0, 4, 5, 6]);
});

test("a shift reflects at the edges, as padding by reflection and a crop", () => {
  const image: Image = { width: 4, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  assert.deepEqual([...moved(image, 1, 0).data], [2, 1, 2, 3, 6, 5, 6, 7]);
  assert.deepEqual([...moved(image, -2, 1).data], [7, 8, 7, 6, 3, 4, 3, 2]);
  fc.assert(
    fc.property(pictures, fc.nat(1000), (picture, seed) => {
      const { data, width, height } = randomShift(picture, 0.125, new Rng(seed));
      assert.deepEqual([width, height, data.length], [picture.width, picture.height, picture.data.length]);
      assert.ok(data.every((byte) => picture.data.includes(byte)));
    }),
  );
});
