import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import fc from "fast-check";
import * as z from "zod";
import { Rng } from "../../../src/array/rng.ts";
import { rotateQuarters } from "../../../src/modalities/image/transforms/rotate.ts";
import { solarize } from "../../../src/modalities/image/transforms/solarize.ts";
import { warp } from "../../../src/modalities/image/transforms/warp.ts";
import { bytesOf, type Image } from "../../../src/pixels/image.ts";
import * as jitter from "../../../src/pixels/transforms/color-jitter.ts";
import { horizontalFlip } from "../../../src/pixels/transforms/flip.ts";
import { gaussianBlur } from "../../../src/pixels/transforms/gaussian-blur.ts";
import { randomBox, randomResizedCrop } from "../../../src/pixels/transforms/random-resized-crop.ts";
import { resizeAndCentreCrop, resizedCrop } from "../../../src/pixels/transforms/resize.ts";

const Picture = z.object({ width: z.int(), height: z.int(), data: z.array(z.int()) });
const Fixture = z.object({ image: Picture, cases: z.record(z.string(), Picture) });
const fixture = Fixture.parse(
  JSON.parse(await readFile(new URL("../../fixtures/transforms.json", import.meta.url), "utf8")),
);
const colour: Image = { ...fixture.image, channels: 3, data: Uint8Array.from(fixture.image.data) };
const grey: Image = { ...colour, channels: 1, data: colour.data.filter((_, at) => at % 3 === 0) };

const crop = (left: number, top: number, width: number, height: number) => ({ left, top, width, height });
/** Ours for each case of the fixture, and by how many of 255 levels a byte may differ. */
const ours: Record<string, { image: Image; tolerance: number }> = {
  "resizedCrop smaller": { image: resizedCrop(colour, crop(2, 1, 13, 10), 5, 5), tolerance: 1 },
  "resizedCrop larger": { image: resizedCrop(colour, crop(4, 3, 6, 5), 9, 9), tolerance: 1 },
  "brightness 1.4": { image: jitter.adjustBrightness(colour, 1.4), tolerance: 1 },
  "brightness 0.6": { image: jitter.adjustBrightness(colour, 0.6), tolerance: 1 },
  "contrast 1.7": { image: jitter.adjustContrast(colour, 1.7), tolerance: 1 },
  "contrast 0.3": { image: jitter.adjustContrast(colour, 0.3), tolerance: 1 },
  "contrast grey 1.7": { image: jitter.adjustContrast(grey, 1.7), tolerance: 1 },
  "saturation 1.8": { image: jitter.adjustSaturation(colour, 1.8), tolerance: 1 },
  "saturation 0.2": { image: jitter.adjustSaturation(colour, 0.2), tolerance: 1 },
  "hue 0.1": { image: jitter.adjustHue(colour, 0.1), tolerance: 1 },
  "hue -0.37": { image: jitter.adjustHue(colour, -0.37), tolerance: 1 },
  greyscale: { image: jitter.toGreyscale(colour), tolerance: 1 },
  "blur 5 1.2": { image: gaussianBlur(colour, 5, 1.2), tolerance: 1 },
  "solarize 128": { image: solarize(colour, 128), tolerance: 0 },
};

for (const [name, expected] of Object.entries(fixture.cases))
  test(`as torchvision: ${name}`, () => {
    const result = ours[name];
    assert.ok(result, "the fixture has a case that is not tested");
    assert.deepEqual([result.image.width, result.image.height], [expected.width, expected.height]);
    assert.equal(result.image.data.length, expected.data.length);
    const worst = expected.data.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - result.image.data[at]!)),
      0,
    );
    assert.ok(worst <= result.tolerance, `differs by ${worst} levels`);
  });

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom<1 | 3>(1, 3))
  .chain(([width, height, channels]) =>
    fc
      .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
      .map((data): Image => ({ width, height, channels, data })),
  );

test("four quarter turns, two flips and two solarisations restore the image", () => {
  fc.assert(
    fc.property(pictures, (image) => {
      assert.deepEqual(rotateQuarters(rotateQuarters(rotateQuarters(rotateQuarters(image, 1), 1), 1), 1), image);
      assert.deepEqual(rotateQuarters(rotateQuarters(image, 1), 1), rotateQuarters(image, 2));
      assert.deepEqual(rotateQuarters(rotateQuarters(image, 3), 1), image);
      assert.deepEqual(horizontalFlip(horizontalFlip(image)), image);
    }),
  );
  // Inverting at or above 128 leaves nothing there; a second time changes nothing.
  assert.deepEqual(solarize(solarize(colour)), solarize(colour));
});

test("a quarter turn is counter-clockwise", () => {
  const image: Image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(10, 20) };
  assert.deepEqual(rotateQuarters(image, 1), { width: 1, height: 2, channels: 1, data: Uint8Array.of(20, 10) });
});

test("no transformation writes into its input", () => {
  const before = colour.data.slice();
  const rng = new Rng(1);
  for (let round = 0; round < 20; round++) {
    jitter.colorJitter(colour, { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }, rng);
    randomResizedCrop(colour, 8, [0.2, 1], rng);
    warp(colour, 8, { degrees: 20, translate: 0.1, zoom: 0.2, shear: 10, elastic: 0.05 }, rng);
  }
  horizontalFlip(colour);
  solarize(colour);
  gaussianBlur(colour, 3, 1);
  jitter.toGreyscale(colour);
  assert.deepEqual(colour.data, before);
});

test("random crops keep to their range of area and aspect, lie inside, and are spread over it", () => {
  const rng = new Rng(2);
  const areas: number[] = [];
  for (let draw = 0; draw < 2000; draw++) {
    const box = randomBox({ width: 200, height: 160 }, [0.2, 1], rng);
    assert.ok(box.left >= 0 && box.top >= 0 && box.left + box.width <= 200 && box.top + box.height <= 160);
    const area = (box.width * box.height) / (200 * 160);
    const aspect = box.width / box.height;
    assert.ok(area > 0.19 && area <= 1, `area ${area}`);
    assert.ok(aspect > 0.74 && aspect < 1.35, `aspect ${aspect}`);
    areas.push(area);
  }
  areas.sort((a, b) => a - b);
  assert.ok(areas[100]! < 0.3 && areas[1900]! > 0.8, "the range is used");
});

test("a crop that never fits falls back on the centre", () => {
  assert.deepEqual(randomBox({ width: 100, height: 1 }, [1, 1], new Rng(0)), { left: 49, top: 0, width: 1, height: 1 });
});

test("jitter stays within its bounds", () => {
  const flat: Image = { width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(100) };
  const rng = new Rng(3);
  const seen: number[] = [];
  for (let draw = 0; draw < 500; draw++) {
    // Contrast, saturation and hue leave an even grey as it is, so brightness alone shows (to one level of rounding).
    const { data } = jitter.colorJitter(flat, { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }, rng);
    assert.ok(data[0]! >= 57 && data[0]! <= 140, `${data[0]}`);
    seen.push(data[0]!);
  }
  assert.ok(Math.min(...seen) < 66 && Math.max(...seen) > 134, "the range is used");
});

test("a blur keeps the mean of an image with constant edges, and widens a point into a Gaussian", () => {
  const data = new Uint8Array(15 * 15).fill(40);
  data[7 * 15 + 7] = 240;
  const blurred = gaussianBlur({ width: 15, height: 15, channels: 1, data }, 7, 1);
  const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean(bytesOf(blurred)) - mean(data)) < 0.1);
  assert.equal(blurred.data[7 * 15 + 7], 40 + Math.round(200 * 0.3991 ** 2));
});

test("a warp without freedom is a resize, and with freedom stays near", () => {
  const still = { degrees: 0, translate: 0, zoom: 0, shear: 0, elastic: 0 };
  const square = resizeAndCentreCrop(colour, 12);
  assert.deepEqual(warp(square, 12, still, new Rng(0)), square);
  const moved = warp(square, 12, { ...still, degrees: 15, elastic: 0.04 }, new Rng(0));
  assert.notDeepEqual(moved.data, square.data);
});

test("a warp turns about the centre", () => {
  const data = new Uint8Array(21 * 21);
  data.fill(255, 10 * 21, 11 * 21);
  const bar: Image = { width: 21, height: 21, channels: 1, data };
  const turned = [0, 1, 2, 3, 4, 5, 6, 7].map((seed) =>
    warp(bar, 21, { degrees: 90, translate: 0, zoom: 0, shear: 0, elastic: 0 }, new Rng(seed)),
  );
  for (const { data: bytes } of turned) assert.ok(bytes[10 * 21 + 10]! > 200, "the centre stays");
  assert.ok(new Set(turned.map(({ data: bytes }) => bytes.join())).size === 8, "each seed turns otherwise");
});

test("the same seed gives the same bytes", () => {
  const make = (seed: number) => {
    const rng = new Rng(seed);
    return [
      randomResizedCrop(colour, 8, [0.2, 1], rng),
      jitter.colorJitter(colour, { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }, rng),
      warp(colour, 8, { degrees: 20, translate: 0.1, zoom: 0.2, shear: 10, elastic: 0.05 }, rng),
    ];
  };
  assert.deepEqual(make(5), make(5));
  assert.notDeepEqual(make(5), make(6));
});

test("a crop that is not resized is the pixels of the box", () => {
  const part = resizedCrop(colour, crop(2, 1, 5, 4), 5, 4);
  assert.deepEqual([part.width, part.height], [5, 4]);
  for (let y = 0; y < 4; y++)
    for (let x = 0; x < 5; x++)
      for (let channel = 0; channel < 3; channel++)
        assert.equal(part.data[3 * (5 * y + x) + channel], colour.data[3 * (colour.width * (y + 1) + x + 2) + channel]);
});
