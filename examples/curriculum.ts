// How do I make the task harder as the model learns? An option that moves from one value to another.
import { pretrain } from "autodidact";

const [data = "examples/omniglot/data/images_background_small1.zip", out = "runs/curriculum"] = process.argv.slice(2);

const run = await pretrain({
  data,
  out,
  method: "simclr",
  preset: "small",
  modalityOptions: { imageSize: 28 },
  // option=from:to@pace/stages, also of the data and of training; paces: linear, cosine, step, competence (by a metric)
  curriculum: ["temperature=0.5:0.1@cosine/4", "degrees=2:12@linear/4"],
  training: { epochs: Number(process.env.EPOCHS ?? 6) },
});

for (const { step, loss, accuracy, ...others } of await run.metrics()) {
  const [temperature, degrees] = [others["curriculum/temperature"], others["curriculum/degrees"]];
  console.log(`step ${step}: temperature ${temperature}, ±${degrees}°, loss ${loss.toFixed(3)}, accuracy ${accuracy}`);
}
