/** One side of bench/input.ts: `node ours.ts CASE PATH` prints { samples, seconds } of the loader with two workers. */
import { image } from "../../src/modalities/image/index.ts";
import { createLoader } from "../../src/training/data/loader.ts";
import { inputCases, SECONDS, WARM_UP, WORKERS } from "./cases.ts";

const [name, path = ""] = process.argv.slice(2);
const chosen = inputCases.find((one) => one.name === name);
if (!chosen) throw new Error(`no case ${name}`);
const { imageSize, batchSize } = chosen;
const source = await image.open(path);
const loader = createLoader(
  {
    modality: { name: "image", options: image.options.parse({ imageSize }) },
    encoder: { name: "resnet", options: {} },
    method: { name: "simclr", options: {} },
    manifest: source.manifest,
    indices: Int32Array.from({ length: source.length }, (_, index) => index),
    batchSize,
    seed: 0,
  },
  WORKERS,
);
// A pass over the pictures that are kept decoded, so that they are: PyTorch's side decodes them before it starts.
const warmUp = name === "cifar" ? Math.floor(source.length / batchSize) : WARM_UP;
for (let batch = 0; batch < warmUp; batch++) await loader.next();
const start = performance.now();
let samples = 0;
let seconds = 0;
while (seconds < SECONDS) {
  await loader.next();
  samples += batchSize;
  seconds = (performance.now() - start) / 1000;
}
process.stdout.write(JSON.stringify({ samples, seconds }));
process.exit(0);
