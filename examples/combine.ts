// How do I train on several tasks at once? Add up their losses: one encoder, a head for each.
import { pretrain } from "autodidact";

const [data = "examples/omniglot/data/images_background_small1.zip", out = "runs/combined"] = process.argv.slice(2);

const run = await pretrain({
  data,
  out,
  method: "simclr+rotation:0.5", // recipe and preset are the first one's
  options: { temperature: 0.2 }, // where both have an option of that name: simclrTemperature
  preset: "small",
  modalityOptions: { imageSize: 28 },
  training: { epochs: Number(process.env.EPOCHS ?? 6) },
});

// Metrics carry the task's name; `loss` is the weighted sum.
for (const { step, loss, ...others } of await run.metrics()) {
  const [contrastive = 0, predictive = 0] = [others["simclr/loss"], others["rotation/loss"]];
  const parts = `SimCLR ${contrastive.toFixed(3)} + 0.5 × rotation ${predictive.toFixed(3)}`;
  console.log(`step ${step}: ${loss.toFixed(3)} = ${parts}`);
}
