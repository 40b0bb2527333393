import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { audio } from "../../src/modalities/audio/index.ts";
import { writeTones } from "../fixtures/tone/write.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

const small = { rate: 4000, bands: 16, window: 0.4, snr: [20, 40] };

conform(audio, async (folder) => {
  const [data, broken] = [join(folder, "tones"), join(folder, "broken")];
  await writeTones(data, 8);
  const [first = "", second = ""] = await writeTones(broken, 2);
  await writeFile(first, "RIFF, and no more");
  await mkdir(join(broken, "more"), { recursive: true });
  await copyFile(second, join(broken, "more", "whole.wav"));
  return {
    ...{ file: new URL("../../src/modalities/audio/index.ts", import.meta.url), data, broken },
    others: await writeOthers(folder, "audio"),
    options: small,
    refused: {
      "beta-vae": /works on images/,
      "context-encoder": /works on images/,
    },
  };
});
