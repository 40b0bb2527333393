// How do I put a run behind HTTP? A server that batches requests and answers /embed, /predict and /search.
import { readFile } from "node:fs/promises";
import { embed, openRun, serve } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts; a run of few-labels.ts answers /predict too
  data = "examples/omniglot/data/images_background_small1.zip",
  image = "examples/omniglot/query.png",
] = process.argv.slice(2);

const run = await openRun(folder);
const vectors = `${folder}/served.parquet`;
await embed({ run, data, out: vectors });
const server = await serve({ run, in: vectors, port: 0 }); // port 0: any free one
console.log(`${server.url}: POST ${server.routes.join(", ")}; GET /health, /metrics`);

// What a client in any language sends: the bytes of an image.
const body = await readFile(image);
const response = await fetch(`${server.url}/search?top=3`, {
  method: "POST",
  headers: { "content-type": "image/png" },
  body,
});
console.log(JSON.stringify(await response.json(), null, 2));

// Answers every request that it has accepted, then ends. Leave it out, and the server runs on.
await server.stop();
