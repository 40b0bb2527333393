// How do I pretrain a Vision Transformer by masking? MAE: three quarters of the patches are hidden and rebuilt.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { look, pretrain } from "autodidact";

const [data = "examples/omniglot/data/images_background_small1.zip", out = "runs/mae"] = process.argv.slice(2);

const run = await pretrain({
  data,
  out,
  method: "mae",
  options: { maskRatio: 0.75 },
  preset: "small",
  encoder: "vit",
  encoderOptions: { width: 96, depth: 3, patchSize: 4 },
  modalityOptions: { imageSize: 28 },
  training: { epochs: Number(process.env.EPOCHS ?? 10) },
  onProgress: ({ step, steps, loss }) => console.log(`step ${step} of ${steps}: loss ${loss.toFixed(3)}`),
});

// One row an image: the original, what the encoder saw of it, what the decoder made of that.
const { png, columns, rows } = await look({ run, samples: 8 });
const file = join(out, "reconstructions.png");
await writeFile(file, png);
console.log(`${file}: ${rows} images; ${columns.join(", ")}`);
