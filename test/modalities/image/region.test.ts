import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { bytesOf, type Image } from "../../../src/pixels/image.ts";

/** Brightness rises to the right in red and downwards in green; blue is flat. */
const slope: Image = {
  width: 40,
  height: 40,
  channels: 3,
  data: Uint8Array.from({ length: 4800 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % 40, Math.floor(at / 120)];
    return at % 3 === 0 ? 6 * x : at % 3 === 1 ? 6 * y : 100;
  }),
};
const plain = { imageSize: 40, jitterProbability: 0, greyscale: 0, flip: 0 };

test("the region is the part of the image in its box", () => {
  const modality = image.build(image.options.parse(plain));
  for (let seed = 0; seed < 50; seed++) {
    const { whole, region: part, box } = modality.region!(slope, new Rng(seed), { side: 0.5, scale: [0.1, 0.5] });
    assert.deepEqual(whole.data, slope.data);
    assert.deepEqual([part.width, part.height], [20, 20]);
    const [x, y, width, height] = box;
    assert.ok(
      x - width / 2 >= -1e-9 && x + width / 2 <= 1 + 1e-9 && y - height / 2 >= -1e-9 && y + height / 2 <= 1 + 1e-9,
    );
    assert.ok(width * height > 0.08 && width * height < 0.55, `${box}`);
    // On a slope the mean is the value at the centre, for any size: pixel c has its centre at c + ½.
    const mean = (channel: number) =>
      bytesOf(part).reduce((sum, value, at) => sum + (at % 3 === channel ? value : 0), 0) / 400;
    assert.ok(Math.abs(mean(0) - 6 * (40 * x - 0.5)) < 2, `${mean(0)} at ${box}`);
    assert.ok(Math.abs(mean(1) - 6 * (40 * y - 0.5)) < 2, `${mean(1)} at ${box}`);
    // And its ends give the size.
    assert.ok(Math.abs(part.data[3 * 19]! - part.data[0]! - 6 * 40 * width * (19 / 20)) < 9, `${box}`);
  }
});

test("a view that is ready is cut as it is; colours are distorted; the seed decides", () => {
  const modality = image.build(image.options.parse({ imageSize: 40, greyscale: 0, jitterProbability: 1 }));
  const { region, perturb, tensors } = modality;
  const view = perturb(slope, new Rng(1));
  const options = { side: 0.4, multipleOf: 8, scale: [0.2, 0.2] } as const;
  const made = region(view, new Rng(2), options);
  assert.deepEqual(made.whole.data, view.data);
  assert.deepEqual(tensors(made.region).pixels?.shape, [3, 16, 16]);
  assert.deepEqual(region(view, new Rng(2), options), made);
  const undistorted = image.build(image.options.parse(plain)).region!(view, new Rng(2), options);
  assert.deepEqual(undistorted.box, made.box);
  assert.notDeepEqual(undistorted.region.data, made.region.data);
});
