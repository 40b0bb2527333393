// How do I use a run without Autodidact? Export it, and load the folder in transformers.js: Node, browser, edge.
import { resolve } from "node:path";
import { env, pipeline } from "@huggingface/transformers";
import { exportRun, openRun } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  out = "runs/exported",
  image = "examples/omniglot/query.png",
] = process.argv.slice(2);

const { files } = await exportRun({ run: await openRun(folder), out });
console.log(`${out}: ${files.join(", ")}`);

// From here on nothing is ours: this part runs wherever transformers.js does.
env.allowRemoteModels = false;
env.localModelPath = "/";
const extract = await pipeline("image-feature-extraction", resolve(out), { dtype: "fp32" });
const { dims, data } = await extract(image, { pool: true });
console.log(`a vector [${dims}] from transformers.js: ${[...data.slice(0, 4)].map((value) => value.toFixed(3))} …`);
