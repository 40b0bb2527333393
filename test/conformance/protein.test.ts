import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { protein } from "../../src/modalities/protein/index.ts";
import { proteinFasta } from "../fixtures/proteins.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

conform(protein, async (folder) => {
  const [data, broken] = [join(folder, "proteins.fasta"), join(folder, "broken.faa")];
  await writeFile(data, proteinFasta(64));
  // The first has a digit in its sequence, the last a stop.
  await writeFile(broken, `>first\nMKT1YIAK\n${proteinFasta(4)}>last\nMKT*YIAK\n`);
  return {
    file: new URL("../../src/modalities/protein/index.ts", import.meta.url),
    ...{ data, broken, others: await writeOthers(folder, "protein") },
    options: { maxLength: 32 },
    encoders: { transformer: { norm: "pre", positions: "rotary" } },
    refused: {
      autoencoder: /reads one tensor of channels and 1 to 3 axes.*this data has none/,
      "context-encoder": /works on images/,
    },
  };
});
