// How do I pretrain on images without labels? SimCLR, from which most other examples go on.
import { pretrain } from "autodidact";

const [data = "examples/omniglot/data/images_background_small1.zip", out = "runs/characters"] = process.argv.slice(2);

const run = await pretrain({
  data, // a folder, a .zip, IDX or CIFAR files
  out, // config.json, metrics, TensorBoard events, checkpoints
  method: "simclr",
  preset: "small", // a ResNet-10 of width 24, batches of 128: for two cores and tens of thousands of images
  modalityOptions: { imageSize: 28 },
  training: { epochs: Number(process.env.EPOCHS ?? 10) },
  onProgress: ({ step, steps, loss }) => console.log(`step ${step} of ${steps}: loss ${loss.toFixed(3)}`),
});

const accuracy = (await run.metrics()).at(-1)?.accuracy ?? 0;
console.log(`${run.step} steps on ${run.config.data.entries} images, in ${run.path}`);
console.log(
  `finds the other view of an image among ${2 * run.config.training.batchSize - 1}: ${(100 * accuracy).toFixed(0)} %`,
);
