// How do I get a classifier from few labels? Fine-tune a run: a linear head first, then all of it.
import { readFile } from "node:fs/promises";
import { finetune, judge, predict, verdictTable } from "autodidact";

const [
  from = "runs/characters", // of image-simclr.ts
  data = "examples/omniglot/data/images_background_small2.zip",
  labels = "examples/omniglot/tagalog-train.csv", // 85 labels, five of each letter
  testLabels = "examples/omniglot/tagalog-test.csv",
  image = "examples/omniglot/query.png", // of character02
  out = "runs/letters",
] = process.argv.slice(2);

const run = await finetune({
  from,
  train: data,
  labels,
  out,
  steps: Number(process.env.STEPS ?? 200),
  onProgress: ({ epoch, epochs, loss }) => console.log(`epoch ${epoch} of ${epochs}: loss ${loss.toFixed(3)}`),
});
console.log(verdictTable(await judge({ run, data, labels: testLabels })));

// The run answers for any image, or folder of them; `autodidact predict` does the same.
await predict({ run, data: image, out: `${out}/predictions.csv`, top: 2 });
console.log(`\n${await readFile(`${out}/predictions.csv`, "utf8")}`);
