import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { image } from "../../../src/modalities/image/index.ts";
import type { Image } from "../../../src/pixels/image.ts";
import { withChannels } from "../../../src/pixels/image.ts";

const oblong = (channels: 1 | 3): Image => ({
  width: 40,
  height: 24,
  channels,
  data: Uint8Array.from({ length: 40 * 24 * channels }, (_, at) => (at * 37) % 256),
});

for (const augmentation of ["photo", "drawing"] as const)
  for (const channels of [1, 3] as const)
    test(`${augmentation}, ${channels} channels: every view has the encoder's size and is the seed's`, () => {
      const modality = image.build(
        image.options.parse({ imageSize: 16, channels, augmentation, blur: 0.5, solarize: 0.5 }),
      );
      const { augment, perturb, rotate } = modality;
      for (const sample of [oblong(1), oblong(3)]) {
        const make = (seed: number): Image[] => [
          augment(sample, new Rng(seed)),
          perturb(sample, new Rng(seed)),
          rotate(sample, seed),
          rotate(perturb(sample, new Rng(seed)), 1),
        ];
        for (const view of make(1)) {
          assert.deepEqual(
            [view.width, view.height, view.channels, view.data.length],
            [16, 16, channels, 256 * channels],
          );
          assert.deepEqual(modality.tensors(view).pixels?.shape, [channels, 16, 16]);
        }
        assert.deepEqual(make(1), make(1));
        assert.notDeepEqual(make(1)[0], make(2)[0]);
      }
    });

test("a crop has its own side, of whole patches with a grid, and keeps it in the tensors", () => {
  const modality = image.build(image.options.parse({ imageSize: 32, channels: 3 }));
  for (const [extent, grid, expected] of [
    [1, undefined, 32],
    [0.43, undefined, 14],
    [0.43, [8, 8], 12],
    [0.01, [8, 8], 4],
    // Patches of 4 × 8 pixels: a square of both.
    [0.43, [8, 4], 16],
  ] as const) {
    const own = { extent, scale: [0.05, 0.4], ...(grid ? { grid } : {}) } as const;
    const view = modality.crop?.(oblong(3), new Rng(0), own);
    assert.ok(view);
    assert.deepEqual(modality.tensors(view).pixels?.shape, [3, expected, expected]);
  }
});

test("photos are blurred and solarised by the probability of the view, drawings and other views as ever", () => {
  const settings = { imageSize: 16, jitterProbability: 0, greyscale: 0, flip: 0, cropScale: [1, 1] };
  const plain = image.build(image.options.parse({ ...settings, blur: 0 }));
  const views = image.build(image.options.parse({ ...settings, blur: [0, 1], solarize: [0, 0, 1] }));
  const whole = oblong(3);
  const sample = { ...whole, width: 24, data: whole.data.filter((_, at) => at % 120 < 72) };
  const original = plain.augment!(sample, new Rng(1)).data;
  const seen = [0, 1, 2, 3].map((view) => views.augment!(sample, new Rng(1), view).data);
  assert.deepEqual(views.augment!(sample, new Rng(1)).data, seen[0], "view 0 unless said otherwise");
  assert.deepEqual(seen[0], original);
  assert.notDeepEqual(seen[1], original);
  // The list's last probabilities hold for all further views: blurred, and from the third on solarised too.
  assert.deepEqual(seen[3], seen[2]);
  assert.deepEqual(
    seen[2],
    seen[1]!.map((value) => (value >= 128 ? 255 - value : value)),
  );
  for (const view of [0, 1, 2])
    assert.deepEqual(views.crop!(sample, new Rng(1), { extent: 1 }, view).data, seen[view], "crops too");
});

test("tensors: channels first, scaled by mean and deviation", () => {
  const modality = image.build(image.options.parse({ imageSize: 2, mean: [0, 0.5, 1], std: [1, 0.5, 0.25] }));
  const data = Uint8Array.of(255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255);
  const { pixels } = modality.tensors({ width: 2, height: 2, channels: 3, data });
  assert.deepEqual([...(pixels?.data ?? [])], [1, 0, 1, 0, 1, -1, -1, -1, 0, -4, -4, 0]);
});

test("tensors: an oblong image is cropped at its centre", () => {
  const modality = image.build(image.options.parse({ imageSize: 2, channels: 1, mean: [0], std: [1] }));
  const data = Uint8Array.of(0, 51, 102, 255, 0, 153, 204, 255);
  const { pixels } = modality.tensors({ width: 4, height: 2, channels: 1, data });
  [0.2, 0.4, 0.6, 0.8].forEach((value, at) => {
    assert.ok(Math.abs(value - Number(pixels?.data[at])) < 1e-6);
  });
});

test("an oblong drawing keeps its proportions", () => {
  const modality = image.build(image.options.parse({ imageSize: 12, channels: 1, augmentation: "drawing" }));
  const sample = oblong(1);
  const centre = { ...sample, width: 24, data: sample.data.filter((_, at) => at % 40 >= 8 && at % 40 < 32) };
  assert.deepEqual(modality.tensors(sample), modality.tensors(centre));
});

test("a crop of a drawing is a part of it", () => {
  const modality = image.build(image.options.parse({ imageSize: 16, channels: 1, augmentation: "drawing" }));
  // White to the left, black to the right: a small part is mostly of one kind, the whole never.
  const halves: Image = {
    width: 64,
    height: 64,
    channels: 1,
    data: Uint8Array.from({ length: 64 * 64 }, (_, at) => (at % 64 < 32 ? 255 : 0)),
  };
  const isEven = (view: Image) => view.data.every((value) => value === view.data[0]);
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const even = (scale?: readonly [number, number]) =>
    seeds.filter((seed) => isEven(modality.crop!(halves, new Rng(seed), { extent: 1, ...(scale ? { scale } : {}) })))
      .length;
  assert.equal(even(), 0);
  assert.ok(even([0.05, 0.1]) > 5);
});

test("mean and deviation must fit the channels", () => {
  assert.throws(() => image.build(image.options.parse({ channels: 1, mean: [0.1, 0.2, 0.3] })), UserError);
});

test("grey from colour and colour from grey", () => {
  const red: Image = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) };
  assert.deepEqual([...withChannels(red, 1).data], [76]);
  assert.deepEqual([...withChannels(withChannels(red, 1), 3).data], [76, 76, 76]);
});

test("an image is shown by its size and a thumbnail: RGB, square and small", () => {
  const modality = image.build(image.options.parse({ channels: 1 }));
  const { text, picture } = modality.show(oblong(1));
  assert.match(text, /^\d+ × \d+ grey$/);
  assert.deepEqual([picture?.width, picture?.height, picture?.rgb.length], [24, 24, 24 * 24 * 3]);
});

test("every option has a default or may be left out, and says what it is", () => {
  assert.doesNotThrow(() => image.options.parse({}));
  for (const [key, schema] of Object.entries(image.options.shape)) assert.ok(schema.description, key);
});
