// How do I get a smaller encoder with the same vectors? Distillation: a student half as wide learns from the run.
import { distillRun, shippedTable } from "autodidact";

const [
  teacher = "runs/characters", // of image-simclr.ts
  data = "examples/omniglot/data/images_background_small1.zip", // no labels are needed
  out = "runs/student",
] = process.argv.slice(2);

const { run, models } = await distillRun({
  teacher,
  data,
  into: "resnet-10:width=12,stem=stride2", // an encoder's name, one of its sizes, and options
  preset: "small",
  out,
  training: { epochs: Number(process.env.EPOCHS ?? 10) },
  seconds: 2,
  onStep: ({ step, steps, loss }) => console.log(`step ${step} of ${steps}: loss ${loss.toFixed(3)}`),
});
console.log(shippedTable(models));
console.log(`\n${run.path}: a run like any other`);
