import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pair } from "../../src/modalities/pair/index.ts";
import { writePairs } from "../fixtures/pairs.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

conform(pair, async (folder) => {
  const data = await writePairs(join(folder, "pairs"), 32);
  const broken = await writePairs(join(folder, "broken"), 6);
  await writeFile(join(folder, "broken", "images", "0.png"), "no PNG");
  return {
    file: new URL("../../src/modalities/pair/index.ts", import.meta.url),
    ...{ data, broken, others: await writeOthers(folder, "pair") },
    options: { imageSize: 16, maxLength: 16 },
    encoders: {
      towers: {
        ...{ image: "resnet", imageLayers: "8", imageWidth: 8, imageOptions: { stem: "stride2" }, dim: 16 },
        ...{ textWidth: 16, textDepth: 2, textHeads: 2, textOptions: { dropout: 0 } },
      },
      joint: { width: 16, depth: 2, heads: 2, patchSize: 4 },
      transformer: { width: 32, depth: 2, heads: 2 },
    },
  };
});
