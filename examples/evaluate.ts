// What is a run worth? kNN and a linear probe on its frozen vectors, beside raw pixels and the untrained encoder.
import { evaluate, evaluationTable, openRun } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  data = "examples/omniglot/data/images_background_small2.zip", // alphabets that it has not seen
  trainLabels = "examples/omniglot/tagalog-train.csv", // path,label: five drawings of each Tagalog letter
  testLabels = "examples/omniglot/tagalog-test.csv", // the other fifteen
] = process.argv.slice(2);

const worth = await evaluate({
  run: await openRun(folder),
  train: data,
  trainLabels, // where the labels are folders' names, leave both tables out
  test: data,
  testLabels,
  scratch: false, // true: also train the same encoder from scratch on these labels
});
console.log(evaluationTable(worth));
