import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { region, rotate, tiles } from "../../src/modalities/image/abilities.ts";
import { image } from "../../src/modalities/image/index.ts";
import { writeImages } from "../support/cli.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";
import { calling } from "./specimen.ts";

conform(image, async (folder) => {
  const [data, broken] = [join(folder, "images"), join(folder, "broken")];
  await writeImages(data, 8, 2, 24);
  const [first = ""] = await writeImages(broken, 2);
  await writeFile(first, "no PNG");
  return {
    file: new URL("../../src/modalities/image/index.ts", import.meta.url),
    ...{ data, broken, others: await writeOthers(folder, "image") },
    options: { imageSize: 24 },
    // A tile must have 6 pixels, and a whole number of patches.
    encoders: { vit: { patchSize: 6 } },
    calls: [
      calling(rotate, (turn, sample, rng) => [turn(sample, rng.integer(0, 3))]),
      calling(tiles, (cut, sample, rng) => cut(sample, rng, { rows: 2, columns: 2, share: 0.8 })),
      calling(region, (cut, sample, rng) => [cut(sample, rng, { side: 0.5, scale: [0.1, 0.5] }).region]),
    ],
  };
});
