/** What is read as proteins, how, and what is left out. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { Rng } from "../../../src/array/rng.ts";
import { modalityFor } from "../../../src/data/recognise.ts";
import type { OpenOptions, Source } from "../../../src/data/source.ts";
import { protein } from "../../../src/modalities/protein/index.ts";
import { isTokenized, type Protein } from "../../../src/modalities/protein/protein.ts";
import { fieldsOf } from "../../../src/modalities/protein/sources/fasta.ts";
import { proteinFasta, randomProtein } from "../../fixtures/proteins.ts";
import { inFolder } from "../../support/cli.ts";

/** Writes a file, opens it, and gives what is read: names, residues or reasons, labels by name. */
async function read(path: string, options?: OpenOptions) {
  const source: Source<Protein> = await protein.open(path, options);
  const entries: [string, string][] = [];
  for (let index = 0; index < source.length; index++) {
    const text = await source.read(index).then(
      (sample) => (isTokenized(sample) ? "" : sample.residues),
      (error: Error) => `(${error.name}: ${error.message})`,
    );
    entries.push([source.name(index), text]);
  }
  const labels = [...(source.labels ?? [])].map((label) => source.classes?.[label]);
  const groups = source.group && entries.map((_, index) => source.group?.(index));
  await source.close();
  return { entries, labels, groups, leftOut: source.leftOut ?? [], notes: source.notes ?? [] };
}

test("FASTA: lines are joined, case and the last stop do not matter, blanks and gaps go, comments are skipped", () =>
  inFolder(async (folder) => {
    const text = ";old comment\n>one first\nMKTA\nyiak\n\n>two\r\nMK-TA.Y*\r\n>three no name follows\nMK TA\n>\nMKW";
    for (const [name, bytes] of [
      ["a.fasta", Buffer.from(text)],
      ["b.fa.gz", gzipSync(text)],
    ] as const) {
      await writeFile(join(folder, name), bytes);
      assert.deepEqual((await read(join(folder, name))).entries, [
        ["one", "MKTAYIAK"],
        ["two", "MKTAY"],
        ["three", "MKTA"],
        ["line 10", "MKW"],
      ]);
    }
  }));

test("A3M: gaps and insertions go", () =>
  inFolder(async (folder) => {
    const file = join(folder, "family.a3m");
    await writeFile(file, ">query\nMKTAYI\n>hit\nMK--ghYI\n");
    assert.deepEqual((await read(file)).entries, [
      ["query", "MKTAYI"],
      ["hit", "MKYI"],
    ]);
  }));

test("broken sequences are named with their reason, empty ones are counted", () =>
  inFolder(async (folder) => {
    const file = join(folder, "broken.faa");
    await writeFile(file, ">good\nMKTAY\n>digit\nMK1\n>stop\nMK*TA\n>empty\n>sign\nMKT\u00c4\n>none\n*\n>last\n");
    const { entries, leftOut } = await read(file);
    assert.deepEqual(entries, [
      ["good", "MKTAY"],
      ["digit", '(BrokenSample: "1" after 2 residues stands for none)'],
      ["stop", "(BrokenSample: has a stop (*) inside, after 2 residues: is it translated in the wrong frame?)"],
      ["sign", '(BrokenSample: "Ä" after 3 residues stands for none)'],
      ["none", "(BrokenSample: has no residues)"],
    ]);
    assert.deepEqual(leftOut, [{ what: "headers without a sequence", count: 2, example: "empty" }]);
  }));

test("fields of headers are labels and groups", () =>
  inFolder(async (folder) => {
    assert.deepEqual(
      [...fieldsOf("sp|P1|A_B Some protein OS=Homo sapiens (Human) OX=9606 PE=1")],
      [
        ["OS", "Homo sapiens (Human)"],
        ["OX", "9606"],
        ["PE", "1"],
      ],
    );
    const file = join(folder, "families.fasta");
    await writeFile(file, proteinFasta(4));
    const { labels, groups } = await read(file, { labelColumn: "kin", group: "kin" });
    assert.deepEqual(
      [labels, groups],
      [
        ["a", "b", "a", "b"],
        ["a", "b", "a", "b"],
      ],
    );
    assert.deepEqual((await read(file)).labels, ["a", "b", "a", "b"], "a field label= is found by itself");
    await assert.rejects(
      read(file, { labelColumn: "OX" }),
      /no header has a field OX= for --label-column; they have kin, label/,
    );
  }));

test("labels of residues: a third line, or a second FASTA file with its mask", () =>
  inFolder(async (folder) => {
    const [three, two, labels] = ["three.fasta", "two.fasta", "labels.fasta"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(three, ">a\nMKTA\nCCHH\n>b\nMKTAY\nCCHHE\n");
    assert.deepEqual(await read(three).then(({ entries, labels: found }) => [entries, found]), [
      [
        ["a", "MKTA"],
        ["b", "MKTAY"],
      ],
      ["CCHH", "CCHHE"],
    ]);
    // Wrapped to one width, two lines are one sequence.
    await writeFile(two, ">a\nMKTA\nYIAK\n>b\nMKTA\nYIAK\n>c\nMK\n");
    assert.deepEqual((await read(two)).entries[0], ["a", "MKTAYIAK"]);
    await writeFile(labels, ">b SET=train\nCCHH--HH\n>a SET=test\nHHHHEEEE\n>c SET=test\nHHH\n");
    const unmasked = await read(two, { labels });
    assert.deepEqual(unmasked.labels, ["HHHHEEEE", "CCHH--HH", undefined]);
    assert.match(unmasked.leftOut[0]?.what ?? "", /labels of another length/);
    await writeFile(join(folder, "mask.fasta"), ">a\n00111111\n>b\n11111110\n>c\n11\n");
    const masked = await read(two, { labels });
    assert.deepEqual(masked.labels, ["--HHEEEE", "CCHH--H-", undefined]);
    assert.match(masked.notes[0] ?? "", /mask\.fasta: residues with a 0 have no label/);
    await writeFile(labels, ">z\nHHH\n");
    await assert.rejects(read(two, { labels }), /labels of none of the sequences; its first is z, and the data have a/);
  }));

test("tables with a column of sequences, with labels and groups, in every format", () =>
  inFolder(async (folder) => {
    const rng = new Rng(3);
    const rows = Array.from({ length: 30 }, (_, at) => ({
      id: `p${at}`,
      sequence: `${randomProtein(rng, 30)}*`,
      target: at / 2,
      family: at % 3 ? "x" : "y",
    }));
    const header = Object.keys(rows[0]!);
    const files = {
      "a.csv": [header, ...rows.map((row) => Object.values(row))].map((cells) => cells.join(",")).join("\n"),
      "a.tsv": [header, ...rows.map((row) => Object.values(row))].map((cells) => cells.join("\t")).join("\n"),
      "a.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
    };
    for (const [name, text] of Object.entries(files)) {
      const file = join(folder, name);
      await writeFile(file, text);
      assert.equal(await protein.recognises(file), "proven", name);
      assert.equal((await modalityFor(file)).name, "protein", name);
      const { entries, labels, groups } = await read(file, { labelColumn: "target", group: "family" });
      assert.deepEqual(
        entries.map(([, text]) => `${text}*`),
        rows.map(({ sequence }) => sequence),
        name,
      );
      assert.deepEqual([labels[3], groups?.slice(0, 3)], ["1.5", ["y", "x", "x"]], name);
    }
    const parquet = join(folder, "a.parquet");
    const columnData = [{ name: "sequence", data: rows.map(({ sequence }) => sequence) }];
    await writeFile(parquet, Buffer.from(parquetWriteBuffer({ columnData })));
    assert.equal((await read(parquet)).entries.length, 30);
    await assert.rejects(
      read(join(folder, "a.csv"), { column: "chain" }),
      /no column "chain"; there are: id, sequence/,
    );
  }));

test("a folder of families: the files are the classes", () =>
  inFolder(async (folder) => {
    for (const family of ["globins", "kinases"]) {
      await mkdir(join(folder, "data"), { recursive: true });
      await writeFile(join(folder, "data", `${family}.fasta`), proteinFasta(2).replaceAll("label=", "rank="));
    }
    await writeFile(join(folder, "data", "notes.md"), "words");
    const { entries, labels, leftOut } = await read(join(folder, "data"));
    assert.deepEqual(labels, ["globins", "globins", "kinases", "kinases"]);
    assert.equal(entries[0]?.[0], "globins.fasta:sp|P0|TEST_0");
    assert.equal(leftOut[0]?.what, ".md");
  }));

test("texts, words, DNA and tables of other things are not proteins; nucleotides in FASTA get one line", () =>
  inFolder(async (folder) => {
    const write = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const dna = "ACGTTGCAACGTNNAC".repeat(8);
    const others = {
      "plain.txt": "the cat sat\non the mat\n",
      "quoted.md": "> a quotation\n\nand a text about it.\n",
      quoted: "> a quotation\nand a text about it, with signs.\n",
      "dna.txt": `${dna}\n${dna}\n`,
      genome: `>chromosome\n${dna}\n`,
      "words.csv": `sequence,label\n${"INVOICE,a\nORDER,b\n".repeat(20)}`,
      "dna.csv": `sequence,label\n${`${dna},a\n`.repeat(5)}`,
      "numbers.csv": "a,b\n1,2\n3,4\n",
    };
    for (const [name, text] of Object.entries(others))
      assert.equal(await protein.recognises(await write(name, text)), undefined, name);
    const nucleotides = await write("genome.fasta", `>chromosome\n${dna}\n`);
    assert.equal((await modalityFor(nucleotides)).name, "protein");
    await assert.rejects(protein.open(nucleotides), /genome\.fasta: nucleotides .* --modality text/);
    await assert.rejects(protein.open(await write("empty.fasta", "\n")), /empty\.fasta: has no sequence/);
    await assert.rejects(
      protein.open(await write("headless.fasta", "MKTAY\n")),
      /not FASTA: line 1 \("MKTAY"\) comes before/,
    );
    // Without an extension, residues after headers are enough.
    assert.equal((await modalityFor(await write("UP000005640", proteinFasta(8)))).name, "protein");
  }));
