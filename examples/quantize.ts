// How do I make a model small? The same encoder in int8, a quarter of the size, and what that costs in accuracy.
import { openRun, quantizeRun, shippedTable } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  out = "runs/int8",
  data = "examples/omniglot/data/images_background_small2.zip",
  trainLabels = "examples/omniglot/tagalog-train.csv",
  testLabels = "examples/omniglot/tagalog-test.csv",
] = process.argv.slice(2);

const { models, files } = await quantizeRun({
  run: await openRun(folder),
  out, // an export, with onnx/model_quantized.onnx for transformers.js' { dtype: "q8" }
  calibration: { samples: 256 }, // scales from the run's own data: best for a ResNet; leave it out for Transformers
  labels: { train: data, trainLabels, test: data, testLabels }, // only to measure what is lost
  seconds: 2,
});
console.log(shippedTable(models));
console.log(`\n${out}: ${files.join(", ")}`);
