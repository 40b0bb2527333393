import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "../../src/modalities/text/index.ts";
import { conform } from "./conform.ts";
import { writeOthers, writeTexts } from "./others.ts";

conform(text, async (folder) => {
  const broken = join(folder, "broken");
  await mkdir(broken);
  await writeFile(join(broken, "good.txt"), "a text\n");
  await writeFile(join(broken, "latin1.txt"), Buffer.from("caf\u00e9\n", "latin1"));
  return {
    file: new URL("../../src/modalities/text/index.ts", import.meta.url),
    ...{ data: await writeTexts(folder), broken, others: await writeOthers(folder, "text") },
    options: { maxLength: 16, vocabularySize: 150 },
    refused: {
      autoencoder: /reads one tensor of channels and 1 to 3 axes.*this data has none/,
      "context-encoder": /works on images/,
    },
  };
});
