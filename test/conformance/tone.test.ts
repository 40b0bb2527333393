import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tone } from "../fixtures/tone/tone.ts";
import { writeTones } from "../fixtures/tone/write.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

const at = (name: string) => new URL(`../fixtures/tone/${name}`, import.meta.url);

conform(tone, async (folder) => {
  const [data, broken] = [join(folder, "tones"), join(folder, "broken")];
  await writeTones(data, 3);
  const [first = ""] = await writeTones(broken, 1);
  await writeFile(first, "RIFF, and no more");
  return {
    ...{ file: at("tone.ts"), data, broken, others: await writeOthers(folder, "tone") },
    options: { length: 128 },
    encoders: { [fileURLToPath(at("wave.ts"))]: { width: 8 } },
    refused: {
      "beta-vae": /works on images/,
      "context-encoder": /works on images/,
    },
  };
});
