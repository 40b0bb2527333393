import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { distortions, segments, speed } from "../../src/data/time.ts";
import { video } from "../../src/modalities/video/index.ts";
import { writeClips } from "../fixtures/clips.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";
import { calling } from "./specimen.ts";

conform(video, async (folder) => {
  const [data, broken] = [join(folder, "clips"), join(folder, "broken")];
  await writeClips(data, 8, { frames: 12 });
  const [first = ""] = await writeClips(broken, 2);
  await writeFile(first, "GIF89a, and no more");
  return {
    ...{ file: new URL("../../src/modalities/video/index.ts", import.meta.url), data, broken },
    others: await writeOthers(folder, "video"),
    options: { imageSize: 16, frames: 4, frameRate: 10 },
    calls: [
      calling(segments, (cut, sample, rng) =>
        cut(sample, rng, { count: 2, extent: 0.5 }).map(({ segment }) => segment),
      ),
      calling(speed, (play, sample, rng) => [play(sample, rng, 2)]),
      calling(distortions, ({ names, distort }, sample, rng) => names.map((name) => distort(sample, rng, name))),
    ],
    refused: {
      // A clip of so few patches along time has no two segments that overlap as the paper's.
      ts2vec: /do not fit into an input/,
      "beta-vae": /works on images/,
      "context-encoder": /works on images/,
    },
  };
});
