import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { modalities } from "../../src/index.ts";
import { proteinFasta } from "../../test/fixtures/proteins.ts";
import { dataOf, type Opener } from "./openers.ts";
import type { Lab } from "./seeds.ts";

/** Files of proteins, whole, and how they are opened. */

const texts =
  (...all: readonly string[]) =>
  async (): Promise<Buffer[]> =>
    all.map((text) => Buffer.from(text));

const proteins = proteinFasta(30);
const names = [...proteins.matchAll(/^>(\S+)/gm)].map(([, name]) => name);

export const fastas = texts(proteins, proteins.replaceAll("\n", "\r\n"), `; a comment\n${proteins.toLowerCase()}*\n`);
export const a3ms = texts(`>query\nMKTAYIAKQR\n>hit one\nMK--ghYIAKQR\n>hit two\n${"MK-aYI".repeat(40)}\n`);
/** Every second line has labels. */
export const labelledFastas = texts(
  Array.from({ length: 20 }, (_, at) => `>p${at}\n${"MKTAY".repeat(at + 1)}\n${"HHCEC".repeat(at + 1)}\n`).join(""),
);
export const sequenceTables = texts(
  `id,sequence,label\n${Array.from({ length: 30 }, (_, at) => `p${at},${"MKTAYIAKQRDEGHFWLNPSCV".slice(at % 5)},${at}\n`).join("")}`,
);
/** Labels of residues for the proteins beside them. */
export const residueLabelFiles = texts(
  names.map((name, at) => `>${name} SET=train\n${"HEC-".repeat(6 + at)}\n`).join(""),
);

export const protein = dataOf("protein", { maxLength: 16 });

/** A mutated file of labels for proteins that are whole. */
export const residueLabels: Opener = async (path, folder) => {
  const definition = await modalities.load("protein");
  const source = await definition.open(join(folder, "proteins.fasta"), { labels: path });
  await source.close();
  return [];
};

/** The folder with the whole proteins. */
export async function beside(lab: Lab): Promise<string> {
  const folder = join(lab.root, "proteins");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "proteins.fasta"), proteins);
  return folder;
}
