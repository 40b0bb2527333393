/** What is read as molecules, how, and what is left out. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { modalityFor } from "../../../src/data/recognise.ts";
import type { OpenOptions } from "../../../src/data/source.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { isMolecule } from "../../../src/modalities/molecule/molecule.ts";
import { someSmiles } from "../../fixtures/molecules.ts";
import { inFolder } from "../../support/cli.ts";

/** Opens a file and gives what is read: names, SMILES or reasons, labels, groups. */
async function read(path: string, options?: OpenOptions) {
  const source = await molecule.open(path, options);
  const entries: [string, string][] = [];
  const titles: string[] = [];
  for (let index = 0; index < source.length; index++) {
    const sample = await source.read(index).catch((error: Error) => error);
    entries.push([
      source.name(index),
      sample instanceof Error
        ? `(${sample.name}: ${sample.message})`
        : isMolecule(sample)
          ? sample.smiles
          : assert.fail("a view"),
    ]);
    titles.push(sample instanceof Error || !isMolecule(sample) ? "" : (sample.title ?? ""));
  }
  const labels = [...(source.labels ?? [])].map((label) => source.classes?.[label]);
  const groups = source.group && entries.map((_, index) => source.group?.(index));
  await source.close();
  return { entries, titles, labels, groups, leftOut: source.leftOut ?? [] };
}

const block = (name: string, atoms: readonly string[]): string =>
  [
    name,
    "  test",
    "",
    `${String(atoms.length).padStart(3)}${String(atoms.length - 1).padStart(3)}  0  0  0  0  0  0  0  0999 V2000`,
    ...atoms.map((atom, at) => `${(at + 0.5).toFixed(4).padStart(10)}    0.0000    0.0000 ${atom.padEnd(3)} 0  0`),
    ...atoms.slice(1).map((_, at) => `${String(at + 1).padStart(3)}${String(at + 2).padStart(3)}  1  0`),
    "M  END",
    "",
  ].join("\n");

test(".smi: a SMILES a line, perhaps a name, a header, blank lines, ChemAxon's extension; packed or not", () =>
  inFolder(async (folder) => {
    const text = "SMILES name\nOCC ethanol\n\nC(=O)O\tformic acid\r\nC[C@H](F)Cl |o1:1| chiral\nCCO   \nC1CC open\n";
    for (const [name, bytes] of [
      ["a.smi", Buffer.from(text)],
      ["b.smi.gz", gzipSync(text)],
    ] as const) {
      await writeFile(join(folder, name), bytes);
      const { entries, titles } = await read(join(folder, name));
      assert.deepEqual(
        entries.map(([, smiles]) => smiles),
        ["CCO", "O=CO", "C[C@H](F)Cl", "CCO", "(BrokenSample: not a molecule (unclosed ring for input: 'C1CC'))"],
      );
      assert.deepEqual(entries[1]?.[0], `${name}:4`);
      assert.deepEqual(titles, ["ethanol", "formic acid", "chiral", "", ""]);
    }
  }));

test("tables: the column of SMILES is found by its name and its values, labels by theirs; trailing blanks are none", () =>
  inFolder(async (folder) => {
    const rows = [
      { id: "a", measured: -0.77, Drug: "OCC " },
      { id: "b", measured: 1.5, Drug: "c1ccccc1" },
      { id: "c", measured: 2, Drug: "" },
    ];
    const csv = ["id,measured,Drug", ...rows.map((row) => Object.values(row).join(","))].join("\n");
    const files: Record<string, Buffer> = {
      "t.csv": Buffer.from(csv),
      "t.csv.gz": gzipSync(csv),
      "t.tsv": Buffer.from(csv.replaceAll(",", "\t")),
      "t.jsonl": Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n")),
      "t.parquet": Buffer.from(
        parquetWriteBuffer({
          columnData: [
            { name: "id", data: rows.map(({ id }) => id) },
            { name: "measured", data: rows.map(({ measured }) => measured), type: "DOUBLE" },
            { name: "Drug", data: rows.map(({ Drug }) => Drug) },
          ],
        }),
      ),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      assert.equal((await modalityFor(path)).name, "molecule", name);
      const { entries, labels, leftOut } = await read(path, { labelColumn: "measured" });
      assert.deepEqual(
        entries.map(([, smiles]) => smiles),
        ["CCO", "c1ccccc1"],
        name,
      );
      assert.deepEqual(labels, ["-0.77", "1.5"], name);
      assert.deepEqual(
        leftOut.map(({ what, count }) => [what, count]),
        [["empty rows", 1]],
        name,
      );
    }
    const bare = join(folder, "bare.csv");
    await writeFile(bare, "a,CCO\nb,CN\n");
    assert.deepEqual((await read(bare, { column: "2" })).entries, [
      ["bare.csv:1", "CCO"],
      ["bare.csv:2", "CN"],
    ]);
  }));

test("a table is of molecules only if a column is called so and RDKit reads it", () =>
  inFolder(async (folder) => {
    const write = async (name: string, text: string) => {
      const path = join(folder, name);
      await writeFile(path, text);
      return (await modalityFor(path)).name;
    };
    const prose = Array.from({ length: 12 }, (_, at) => `"a text of some words, number ${at}",${at % 2 ? "a" : "b"}`);
    assert.equal(await write("prose.csv", ["text,label", ...prose].join("\n")), "text");
    // The name of a drug is no SMILES, though "C" or "CO" would be.
    const drugs = Array.from({ length: 12 }, (_, at) => `${["aspirin", "ibuprofen", "CO"][at % 3]},${at},${at * 2}`);
    assert.notEqual(await write("drugs.csv", ["drug,dose,age", ...drugs].join("\n")), "molecule");
    const smiles = someSmiles(30).map((one, at) => `${one},${at},${at % 7},x${at % 3}`);
    assert.equal(await write("assay.csv", ["SMILES,a,b,c", ...smiles].join("\n")), "molecule");
    assert.notEqual(await write("film.smi", "<SAMI>\n<BODY><SYNC Start=1>Hello\n</SAMI>\n"), "molecule");
  }));

test("SD files: records, their names and fields; a broken record is named and the others are read", () =>
  inFolder(async (folder) => {
    const record = (name: string, atoms: readonly string[], fields: Readonly<Record<string, string>>) =>
      `${block(name, atoms)}${Object.entries(fields)
        .map(([field, value]) => `> <${field}>\n${value}\n\n`)
        .join("")}$$$$\n`;
    const text = [
      record("ethanol", ["C", "C", "O"], { LogP: "-0.1", batch: "one" }),
      record("", ["C", "N"], { LogP: "0.4", batch: "two" }),
      "nonsense\n\n\nnot a counts line\nM  END\n$$$$\n",
      record(
        "too large",
        Array.from({ length: 501 }, () => "C"),
        {},
      ),
      record("last", ["C", "Cl"], { batch: "two" }),
    ].join("");
    for (const [name, bytes] of [
      ["a.sdf", Buffer.from(text)],
      ["b.sdf.gz", gzipSync(text.replaceAll("\n", "\r\n"))],
    ] as const) {
      await writeFile(join(folder, name), bytes);
      const { entries, titles, labels, groups } = await read(join(folder, name), {
        labelColumn: "LogP",
        group: "batch",
      });
      const [ethanol, amine, nonsense, large, last] = entries.map(([, smiles]) => smiles);
      assert.deepEqual([ethanol, amine, last], ["CCO", "CN", "CCl"]);
      assert.match(nonsense ?? "", /^\(BrokenSample: not a molecule \(.+\)\)$/);
      assert.match(large ?? "", /501 atoms; molecules of up to 500 are read/);
      assert.equal(entries[4]?.[0], `${name}:5`);
      assert.deepEqual([titles[0], titles[4]], ["ethanol", "last"]);
      assert.deepEqual([labels[0], labels[1], labels[4]], ["-0.1", "0.4", undefined]);
      assert.deepEqual([groups?.[0], groups?.[1], groups?.[4]], ["one", "two", "two"]);
    }
    await assert.rejects(molecule.open(join(folder, "a.sdf"), { labelColumn: "logp" }), {
      name: "UserError",
      message: /no record has a field "logp"; there are: LogP, batch/,
    });
  }));

test("a folder of mol files has the classes of its sub-folders, and says what else is there", () =>
  inFolder(async (folder) => {
    for (const [place, atoms] of [
      ["acids/a.mol", ["C", "O"]],
      ["amines/b.mol", ["C", "N"]],
    ] as const) {
      await mkdir(join(folder, place, ".."), { recursive: true });
      await writeFile(join(folder, place), block("", atoms));
    }
    await writeFile(join(folder, "readme.txt"), "about these");
    const { entries, labels, leftOut } = await read(folder);
    assert.deepEqual(entries, [
      ["acids/a.mol", "CO"],
      ["amines/b.mol", "CN"],
    ]);
    assert.deepEqual(labels, ["acids", "amines"]);
    assert.deepEqual(
      leftOut.map(({ what }) => what),
      [".txt"],
    );
  }));

test("nothing to read is one line that says so", () =>
  inFolder(async (folder) => {
    const [empty, table] = [join(folder, "a.smi"), join(folder, "b.csv")];
    await writeFile(empty, "\n\n");
    await writeFile(table, "a,b\n1,2\n");
    await assert.rejects(molecule.open(empty), { name: "UserError", message: `${empty}: no molecules in it` });
    await assert.rejects(molecule.open(table), { name: "UserError", message: /no column of SMILES.*--column/ });
    await assert.rejects(molecule.open(join(folder, "none.smi")), { name: "UserError" });
  }));
