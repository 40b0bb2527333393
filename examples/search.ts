// How do I find what is like an image? Embed everything once, then ask for neighbours.
import { embed, openRun, search } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  data = "examples/omniglot/data/images_background_small1.zip",
  query = "examples/omniglot/query.png", // any image; of a run on texts, any text
] = process.argv.slice(2);

const run = await openRun(folder);
const file = `${folder}/vectors.parquet`; // columns path, label, embedding: DuckDB, pandas and pyarrow read it too
const { rows, dim } = await embed({ run, data, out: file });
console.log(`${rows} vectors of ${dim} numbers in ${file}`);

const html = `${folder}/neighbours.html`;
for (const { path, similarity } of await search({ run, query, in: file, top: 5, html }))
  console.log(`${similarity.toFixed(3)}  ${path}`);
console.log(`the same with images: ${html}`);
