/** How fast one core makes SimCLR's views from pictures in memory, without decoding: `node bench/input/views.ts`. */
import { Rng } from "../../src/array/rng.ts";
import { image } from "../../src/modalities/image/index.ts";

const cases = [
  { name: "photo, 32 px of 32", side: 32, options: { imageSize: 32, channels: 3 } },
  { name: "photo, 96 px of 192", side: 192, options: { imageSize: 96, channels: 3 } },
  { name: "photo, 224 px of 448", side: 448, options: { imageSize: 224, channels: 3 } },
  { name: "drawing, 28 px of 28", side: 28, options: { imageSize: 28, channels: 1, augmentation: "drawing" } },
  { name: "drawing, 28 px of 105", side: 105, options: { imageSize: 28, channels: 1, augmentation: "drawing" } },
];
const SECONDS = 1.5;

for (const { name, side, options } of cases) {
  const modality = image.build(image.options.parse(options));
  const channels = options.channels === 1 ? 1 : 3;
  const noise = new Rng(0);
  const data = Uint8Array.from({ length: side * side * channels }, () => noise.integer(0, 255));
  const sample = { width: side, height: side, channels, data } as const;
  const rng = new Rng(1);
  const view = () => {
    const distorted = modality.augment?.(sample, rng);
    if (distorted) modality.tensors(distorted);
  };
  const warm = performance.now();
  while (performance.now() - warm < 500) view();
  const start = performance.now();
  let views = 0;
  for (; performance.now() - start < SECONDS * 1000; views++) view();
  const rate = (views * 1000) / (performance.now() - start);
  console.log(
    `${name.padEnd(24)} ${(1000 / rate).toFixed(3)} ms a view, ${rate.toFixed(0)} views/s, ${(rate / 2).toFixed(0)} samples/s of two views`,
  );
}
