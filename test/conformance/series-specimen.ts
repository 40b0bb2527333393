import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeSeries } from "../fixtures/series.ts";
import { writeOthers } from "./others.ts";
import type { Specimen } from "./specimen.ts";

/** What the library is checked with on series. @param encoders options of those that do not fit such short windows as they are */
export async function seriesSpecimen(folder: string, encoders: Specimen["encoders"]): Promise<Specimen> {
  const [data, broken] = [join(folder, "series"), join(folder, "broken")];
  await writeSeries(data, 10);
  const [first = ""] = await writeSeries(broken, 2);
  await writeFile(first, "time,temperature,current\n0,1,2\n");
  return {
    ...{ file: new URL("../../src/modalities/series/index.ts", import.meta.url), data, broken },
    others: await writeOthers(folder, "series"),
    options: { window: 48, mask: true },
    ...(encoders ? { encoders } : {}),
    refused: {
      "beta-vae": /works on images/,
      "context-encoder": /works on images/,
    },
  };
}
