// Was pretraining worth it? Accuracy against the number of labels, pretrained and from scratch, on one page.
import { labelEfficiency, labelTable, openRun, savingHeadline } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  data = "examples/omniglot/data/images_background_small2.zip",
  trainLabels = "examples/omniglot/tagalog-train.csv",
  testLabels = "examples/omniglot/tagalog-test.csv",
] = process.argv.slice(2);

const report = await labelEfficiency({
  run: await openRun(folder),
  train: data,
  trainLabels,
  test: data,
  testLabels,
  shares: [20, 40, 100], // percent of the labels
  draws: Number(process.env.DRAWS ?? 2), // of the labels, for each share
  steps: Number(process.env.STEPS ?? 60), // of each training; 1,000 by default, from scratch 3,000, which takes its time
  finetune: false, // true: also fine-tune all of the encoder
});
if (!report) throw new Error("stopped");
console.log(labelTable(report));
console.log(`\nLabels saved: ${savingHeadline(report)}`);
console.log(`The page: ${report.out}/report.html`);
