import { Rng } from "../src/array/rng.ts";
import { augment } from "../src/modalities/image/augment.ts";
import { ImageOptions } from "../src/modalities/image/options.ts";
import type { Image } from "../src/pixels/image.ts";

/**
 * The time of strong views of images: SimCLR's beside RandAugment's with cutout, in turn, on one thread; medians of the
 * ratios. `node bench/augmentations.ts`
 */
const ROUNDS = 21;
const sides = [
  { side: 32, views: 400 },
  { side: 224, views: 12 },
];

for (const { side, views } of sides) {
  const rng = new Rng(0);
  const wide = Math.round(side * 1.2);
  const data = Uint8Array.from({ length: 3 * wide * wide }, () => rng.integer(0, 255));
  const image: Image = { width: wide, height: wide, channels: 3, data };
  const ways = {
    SimCLR: ImageOptions.parse({ imageSize: side }),
    "RandAugment 2 and cutout": ImageOptions.parse({ imageSize: side, randAugment: 2, cutout: 0.5 }),
  };
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, options] of Object.entries(ways)) {
      const start = process.cpuUsage();
      for (let view = 0; view < views; view++) augment(image, options, new Rng(round).split(view), view % 2);
      const { user, system } = process.cpuUsage(start);
      times[name]!.push((user + system) / 1000 / views);
    }
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const [simclr, other] = Object.values(times) as [number[], number[]];
  const ratio = median(other.map((time, round) => time / simclr[round]!));
  for (const [name, measured] of Object.entries(times))
    console.log(`${side} px, ${name}: ${median(measured).toFixed(3)} ms of CPU a view`);
  console.log(`${side} px, ratio: ${ratio.toFixed(2)}`);
}
