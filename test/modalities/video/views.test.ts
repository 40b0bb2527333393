import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { type Clip, clipOf, frameOf } from "../../../src/modalities/video/clip.ts";
import { video } from "../../../src/modalities/video/index.ts";
import type { Image } from "../../../src/pixels/image.ts";

const SIDE = 16;
const options = video.options.parse({ imageSize: SIDE, frames: 4, frameRate: 10, flip: 0.5, blur: 0.5 });
const built = video.build(options);

/** Frame `index` has one grey level in all its pixels: 10 × index. */
const counting = (frames: number): Clip =>
  clipOf(
    Array.from(
      { length: frames },
      (_, index): Image => ({
        ...{ width: SIDE, height: SIDE, channels: 3 },
        data: new Uint8Array(3 * SIDE * SIDE).fill(10 * index),
      }),
    ),
    10,
  );
/** A clip of one picture that does not move. */
function still(frames: number): Clip {
  const rng = new Rng(3);
  const data = Uint8Array.from({ length: 3 * 24 * 24 }, () => rng.integer(0, 255));
  return clipOf(
    Array.from({ length: frames }, (): Image => ({ width: 24, height: 24, channels: 3, data })),
    10,
  );
}
const levels = (clip: Clip): number[] =>
  Array.from({ length: clip.frames }, (_, index) => frameOf(clip, index).data[0]! / 10);

test("all frames of a view are cropped, mirrored, coloured and blurred alike", () => {
  const clip = still(8);
  const seen = new Set<string>();
  for (let seed = 0; seed < 20; seed++)
    for (const view of [
      built.augment(clip, new Rng(seed)),
      built.perturb(clip, new Rng(seed)),
      built.crop(clip, new Rng(seed), { extent: 0.5 }),
    ]) {
      const first = frameOf(view, 0).data;
      for (let index = 1; index < view.frames; index++) assert.deepEqual(frameOf(view, index).data, first);
      seen.add(Buffer.from(first).toString("base64"));
    }
  assert.ok(seen.size > 50);
});

test("the encoder sees the middle; a view any part; a short clip stays at its last frame", () => {
  assert.deepEqual(levels(built.speed(counting(4), new Rng(0), 1)), [0, 1, 2, 3]);
  const { data, shape } = built.tensors(counting(10)).pixels!;
  assert.deepEqual(shape, [3, 4, SIDE, SIDE]);
  const [mean, std] = [0.485, 0.229];
  for (const [frame, level] of [3, 4, 5, 6].entries())
    assert.ok(Math.abs(data[frame * SIDE * SIDE]! - ((10 * level) / 255 - mean) / std) < 1e-5);
  const starts = new Set(
    Array.from({ length: 100 }, (_, seed) => levels(built.perturb(counting(10), new Rng(seed)))[0]),
  );
  assert.deepEqual([...starts].sort(), [0, 1, 2, 3, 4, 5, 6]);
  const short = built.perturb(counting(2), new Rng(0));
  assert.deepEqual(levels(short), [0, 1, 1, 1]);
});

test("segments are in order, as far apart as they are asked for, and say where they are", () => {
  const cuts = built.segments(counting(12), new Rng(1), { count: 3, extent: 0.5, gap: [0.25, 0.25] });
  const [first] = cuts.map(({ segment }) => levels(segment)[0]!);
  assert.deepEqual(
    cuts.map(({ segment }) => levels(segment)),
    [0, 3, 6].map((at) => [first! + at, first! + at + 1]),
  );
  assert.deepEqual(
    cuts.map(({ start, end }) => [start, end]),
    [0, 3, 6].map((at) => [(first! + at) / 4, (first! + at + 2) / 4]),
  );
});

test("backwards, faster and the other distortions", () => {
  assert.deepEqual(levels(built.reverse(counting(4))), [3, 2, 1, 0]);
  assert.deepEqual(levels(built.speed(counting(8), new Rng(0), 2)), [0, 2, 4, 6]);
  assert.deepEqual(levels(built.speed(counting(2), new Rng(0), 0.5)), [0, 0, 1, 1]);
  const shown = (name: string) => levels(built.distortions.distort(counting(8), new Rng(2), name));
  assert.deepEqual(shown("none"), [2, 3, 4, 5]);
  assert.deepEqual(shown("reversed"), [5, 4, 3, 2]);
  assert.deepEqual(shown("faster"), [0, 2, 4, 6]);
  assert.deepEqual(shown("slower"), [3, 3, 4, 4]);
  assert.notDeepEqual(shown("shuffled"), shown("none"));
  assert.deepEqual(shown("shuffled").sort(), [2, 3, 4, 5]);
  assert.equal(new Set(shown("still")).size, 1);
});

test("clips of another rate than the encoder's are read at its rate", () => {
  const fast = { ...counting(16), rate: 40 };
  assert.deepEqual(levels({ ...built.speed(fast, new Rng(0), 1) }), [0, 4, 8, 12]);
});

test("grey clips have one channel, and a picture of a clip is its frames, row by row", () => {
  const grey = video.build(video.options.parse({ imageSize: SIDE, frames: 4, frameRate: 10, channels: 1 }));
  const { pixels } = grey.tensors(counting(4));
  assert.deepEqual(pixels!.shape, [1, 4, SIDE, SIDE]);
  const drawn = grey.drawing.draw(pixels!)!;
  assert.deepEqual([drawn.width, drawn.height], [3 * SIDE, 2 * SIDE]);
  for (const [frame, place] of [0, SIDE, 2 * SIDE, 3 * SIDE * SIDE].entries())
    assert.ok(Math.abs(drawn.rgb[3 * place]! - 10 * frame) <= 1);
});
