import { cp, readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { nearby } from "../../src/modalities/experience/abilities.ts";
import { experience } from "../../src/modalities/experience/index.ts";
import { writePucks } from "../fixtures/experience/write.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";
import { calling } from "./specimen.ts";

const file = new URL("../../src/modalities/experience/index.ts", import.meta.url);

async function specimen(folder: string) {
  const [data, broken] = [join(folder, "pucks"), join(folder, "broken")];
  await writePucks(data, { episodes: 8, each: 4 });
  await cp(data, broken, { recursive: true });
  const frames = join(broken, "data", "chunk-000");
  const [, second = ""] = (await readdir(frames)).sort();
  await truncate(join(frames, second), 2000);
  return {
    ...{ file, data, broken, others: await writeOthers(folder, "experience") },
    calls: [calling(nearby, (near, sample, rng) => [near(sample, rng, 1, 8)])],
  };
}

// Seen by a camera.
conform(experience, async (folder) => ({
  ...(await specimen(folder)),
  refused: { "grasp-outcome": /reads the part of an image around a grasp/ },
}));

// Known by numbers.
conform(experience, async (folder) => ({
  ...(await specimen(folder)),
  options: { observation: ["state"], noise: 0.3 },
  encoders: { mlp: { width: 32, depth: 2 } },
  refused: {
    autoencoder: /reads one tensor of channels and 1 to 3 axes.*this data has none/,
    "context-encoder": /works on images/,
    "grasp-outcome": /reads the part of an image around a grasp/,
  },
}));
