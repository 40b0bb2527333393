import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { molecule } from "../../src/modalities/molecule/index.ts";
import { someSmiles } from "../fixtures/molecules.ts";
import { conform } from "./conform.ts";
import { writeOthers } from "./others.ts";

const file = new URL("../../src/modalities/molecule/index.ts", import.meta.url);

async function specimen(folder: string) {
  const [data, broken] = [join(folder, "molecules.smi"), join(folder, "broken.smi")];
  await writeFile(data, `${someSmiles(64).join("\n")}\n`);
  // The first does not end, the last has a nitrogen with five bonds.
  await writeFile(broken, `c1ccccc1C(\n${someSmiles(4).join("\n")}\nCN(C)(C)(C)C\n`);
  const refused = {
    autoencoder: /reads one tensor of channels and 1 to 3 axes.*this data has none/,
    "context-encoder": /works on images/,
  };
  return { file, data, broken, refused, others: await writeOthers(folder, "molecule") };
}

conform(molecule, async (folder) => ({
  ...(await specimen(folder)),
  options: { maxNodes: 16, maxEdges: 16, compute: true },
  encoders: { gin: { width: 16, depth: 2 } },
}));

conform(molecule, async (folder) => ({
  ...(await specimen(folder)),
  options: { input: "smiles", maxLength: 32 },
  encoders: { transformer: { width: 32, depth: 2, heads: 2 } },
}));
