// What should I label next? A budget of samples that are typical of the data, rather than random ones.
import { openRun, suggest } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  pool = "examples/omniglot/data/images_background_small2.zip",
] = process.argv.slice(2);

const { suggestions, files } = await suggest({
  run: await openRun(folder),
  pool,
  budget: 20,
  strategy: "typicality", // or "k-center", "margin" (of a fine-tuned run), "random"
  out: `${folder}/suggestions.csv`, // add a column `label`, and give it back as `labels` when you ask again
});

for (const { rank, path, reason } of suggestions.slice(0, 5)) console.log(`${rank}. ${path} (${reason})`);
console.log(`… ${suggestions.length} in all: ${files.join(", ")}`);
