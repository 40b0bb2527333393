// What is a representation of my own kind of data worth? Pretrain on own-modality.ts, then 1 and 5 examples a class.
import { fewShot, fewShotTable, pretrain } from "autodidact";

const [data = "examples/waves.csv", out = "runs/waves"] = process.argv.slice(2);

const run = await pretrain({
  data,
  out,
  modality: "./examples/own-modality.ts", // a path: a file that exports one
  method: "simclr",
  preset: "small",
  encoder: "vit",
  encoderOptions: { width: 64, depth: 2, heads: 4, patchSize: 8 }, // patches of eight values
  training: { epochs: Number(process.env.EPOCHS ?? 100), batchSize: 50 },
});
console.log(fewShotTable(await fewShot({ run, data, ways: 3, shots: [1, 5], queries: 15, episodes: 300 })));
