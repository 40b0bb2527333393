import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { series } from "../../src/modalities/series/index.ts";
import { writeSeries } from "../fixtures/series.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

// The same data as in series.test.ts, with the encoder that sees each channel by itself wherever a method takes it.
conform(series, async (folder) => {
  const [data, broken] = [join(folder, "series"), join(folder, "broken")];
  await writeSeries(data, 10);
  const [first = ""] = await writeSeries(broken, 2);
  await writeFile(first, "time,temperature,current\n0,1,2\n");
  return {
    ...{ file: new URL("../../src/modalities/series/index.ts", import.meta.url), data, broken },
    others: await writeOthers(folder, "series"),
    options: { window: 48, mask: true },
    encoders: { patchtst: { patchLength: 8 }, wave: { kernels: [4, 3], strides: [2, 2] } },
    refused: {
      "beta-vae": /works on images/,
      "context-encoder": /works on images/,
    },
  };
});
