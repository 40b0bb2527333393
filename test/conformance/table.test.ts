import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { table } from "../../src/modalities/table/index.ts";
import { customers } from "../fixtures/table.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

conform(table, async (folder) => {
  const [data, broken] = [join(folder, "customers.csv"), join(folder, "broken.csv")];
  await writeFile(data, customers(64));
  // The first row has nothing in it but its label.
  await writeFile(broken, customers(24).replace(/\n.*\n/, "\n,,,,,,yes\n"));
  return {
    ...{ file: new URL("../../src/modalities/table/index.ts", import.meta.url), data, broken },
    others: await writeOthers(folder, "table"),
    refused: {
      autoencoder: /reads one tensor of channels and 1 to 3 axes.*this data has none/,
      "context-encoder": /works on images/,
    },
  };
});
