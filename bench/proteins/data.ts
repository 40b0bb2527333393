/** The benches' proteins: UniProt's in a training and a held-out part, and FLIP's sets. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { Rng } from "../../src/array/rng.ts";
import { root } from "../methods/shared.ts";
import { DATA } from "../series/machine.ts";

export const work = `${root}/bench/work/proteins`;
const uniprot = `${DATA}/proteins/uniprot-20k.fasta.gz`;

/** Whether the data are there; says where they are looked for. */
export function hasData(): boolean {
  if (existsSync(uniprot)) return true;
  console.error(`no ${uniprot}; set AUTODIDACT_DATA to the folder that has proteins/ and flip/`);
  return false;
}

/** Proteins that are held out. */
const HELD_OUT = 1000;

/** FASTA files of 19,000 UniProt sequences to learn from and of 1,000 drawn ones that are held out. */
export async function uniprotParts(): Promise<{ train: string; heldOut: string }> {
  const [train, heldOut] = [`${work}/uniprot-train.fasta`, `${work}/uniprot-held-out.fasta`];
  if (!existsSync(train)) {
    await mkdir(work, { recursive: true });
    const records = gunzipSync(await readFile(uniprot))
      .toString("utf8")
      .split(/^(?=>)/m);
    const order = [...new Rng(0).split("held out").permutation(records.length)];
    const text = (from: number, to?: number) =>
      order
        .slice(from, to)
        .map((at) => records[at])
        .join("");
    await writeFile(heldOut, text(0, HELD_OUT));
    await writeFile(train, text(HELD_OUT));
  }
  return { train, heldOut };
}

/** A record of FASTA. */
interface Entry {
  readonly header: string;
  readonly text: string;
}

const entriesOf = (fasta: string): Entry[] =>
  fasta
    .split(/^>/m)
    .slice(1)
    .map((record) => {
      const [header = "", ...lines] = record.split("\n");
      return { header, text: lines.join("").trim() };
    });

async function flipFiles(set: string): Promise<(name: string) => string> {
  const files = unzipSync(await readFile(`${DATA}/flip/${set}/splits.zip`));
  return (name) => new TextDecoder().decode(files[`splits/${name}`] ?? new Uint8Array());
}

export type Part = "train" | "validation" | "test";

/** Labelled sequences: a FASTA file, and a second with a letter for each residue, `-` where it is not resolved. */
export interface ResidueSet {
  readonly sequences: string;
  readonly labels: string;
}

/** FLIP's secondary structure: its training, validation and test part. */
export async function secondaryStructure(): Promise<Record<Part, ResidueSet>> {
  const of = (part: Part): ResidueSet => ({
    sequences: `${work}/q3-${part}.fasta`,
    labels: `${work}/q3-${part}-labels.fasta`,
  });
  const parts = { train: of("train"), validation: of("validation"), test: of("test") };
  if (existsSync(parts.test.labels)) return parts;
  await mkdir(work, { recursive: true });
  const file = await flipFiles("secondary_structure");
  const byId = (name: string) =>
    new Map(entriesOf(file(name)).map(({ header, text }) => [header.split(" ", 1)[0], text]));
  const [sequences, masks] = [byId("sequences.fasta"), byId("mask.fasta")];
  const written: Record<Part, { sequences: string[]; labels: string[] }> = {
    ...{
      train: { sequences: [], labels: [] },
      validation: { sequences: [], labels: [] },
      test: { sequences: [], labels: [] },
    },
  };
  for (const { header, text } of entriesOf(file("sampled.fasta"))) {
    const id = header.split(" ", 1)[0] ?? "";
    const part = /SET=test/.test(header) ? "test" : /VALIDATION=True/.test(header) ? "validation" : "train";
    const mask = masks.get(id) ?? "";
    written[part].sequences.push(`>${id}\n${sequences.get(id)}\n`);
    written[part].labels.push(`>${id}\n${[...text].map((label, at) => (mask[at] === "1" ? label : "-")).join("")}\n`);
  }
  for (const part of Object.keys(parts) as Part[]) {
    await writeFile(parts[part].sequences, written[part].sequences.join(""));
    await writeFile(parts[part].labels, written[part].labels.join(""));
  }
  return parts;
}

/** FLIP's GB1, a split such as `two_vs_rest`: tables with `sequence` and `target`. */
export async function gb1(split: string): Promise<Record<"train" | "test", string>> {
  const parts = { train: `${work}/gb1-${split}-train.csv`, test: `${work}/gb1-${split}-test.csv` };
  if (existsSync(parts.test)) return parts;
  await mkdir(work, { recursive: true });
  const file = await flipFiles("gb1");
  const rows = file(`${split}.csv`)
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.split(","));
  for (const part of ["train", "test"] as const) {
    const of = rows.filter(([, , set]) => set === part).map(([sequence, target]) => `${sequence},${target}`);
    await writeFile(parts[part], `${["sequence,target", ...of].join("\n")}\n`);
  }
  return parts;
}
