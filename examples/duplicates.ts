// Which samples are almost the same, and which are like no other?
import { duplicates, openRun } from "autodidact";

const [
  folder = "runs/characters", // of image-simclr.ts
  data = "examples/omniglot/data/images_background_small1.zip",
] = process.argv.slice(2);

const found = await duplicates({
  run: await openRun(folder),
  data,
  threshold: 0.99, // cosine from which two samples are near-duplicates; two of them have `meanCosine` on average
  outliers: 5,
  out: `${folder}/duplicates.csv`, // and a sheet of images beside it
});

console.log(`mean cosine of two samples: ${found.meanCosine.toFixed(2)}`);
console.log(`${found.groups.length} groups of near-duplicates, ${found.mixed} of more than one class`);
for (const group of found.groups.slice(0, 3))
  console.log(
    `  ${group
      .map(({ path }) => path)
      .slice(0, 4)
      .join("  ")}`,
  );
console.log("outliers, the farthest first:");
for (const { path, distance } of found.outliers) console.log(`  ${distance.toFixed(3)}  ${path}`);
console.log(`written: ${found.files.join(", ")}`);
