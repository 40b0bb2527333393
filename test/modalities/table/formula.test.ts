import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { learnColumns } from "../../../src/modalities/table/columns/learn.ts";
import { learnedIn } from "../../../src/modalities/table/columns/learned.ts";
import { describeFormula, descriptors } from "../../../src/modalities/table/formula/describe.ts";
import { fractionsIn } from "../../../src/modalities/table/formula/parse.ts";
import { table } from "../../../src/modalities/table/index.ts";
import { inFolder } from "../../support/cli.ts";

const sharesOf = (text: string) => fractionsIn(text) && Object.fromEntries(fractionsIn(text)!);

test("formulas are read: brackets, decimals, hydrates, digits below the line; what is none is not", () => {
  assert.deepEqual(sharesOf("Fe2O3"), { Fe: 2 / 5, O: 3 / 5 });
  assert.deepEqual(sharesOf("H₂O"), { H: 2 / 3, O: 1 / 3 });
  assert.deepEqual(sharesOf("Ca10(PO4)6(OH)2"), { Ca: 10 / 44, P: 6 / 44, O: 26 / 44, H: 2 / 44 });
  assert.deepEqual(sharesOf("K4[Fe(CN)6]"), { K: 4 / 17, Fe: 1 / 17, C: 6 / 17, N: 6 / 17 });
  for (const hydrate of ["CuSO4·5H2O", "CuSO4*5H2O", "CuSO4 . 5 H2O"])
    assert.deepEqual(sharesOf(hydrate), { Cu: 1 / 21, S: 1 / 21, O: 9 / 21, H: 10 / 21 }, hydrate);
  assert.deepEqual(sharesOf("Ag0.5Ge1Pb1.75S4"), { Ag: 0.5 / 7.25, Ge: 1 / 7.25, Pb: 1.75 / 7.25, S: 4 / 7.25 });
  assert.deepEqual(sharesOf("LiO0Li"), { Li: 1 });
  const none = [
    "",
    "2",
    "fe2o3",
    "Xq2",
    "(Fe",
    "Fe)",
    "[Fe)",
    "()",
    "Fe()2",
    "H0",
    "Fe2O3;",
    "Fe·",
    `${"(".repeat(20)}H`,
    "Fe".repeat(300),
  ];
  for (const text of none) assert.equal(fractionsIn(text), undefined, text);
});

test("a formula's descriptors, worked out by hand", () => {
  const values = describeFormula("Fe2O3")!;
  const at = (name: string) => values[descriptors.indexOf(name)]!;
  assert.equal(at("fraction of Fe"), 0.4);
  // Electronegativity: 1.83 and 3.44.
  const mean = 0.4 * 1.83 + 0.6 * 3.44;
  const expected = [1.83, 3.44, 1.61, mean, 0.4 * (mean - 1.83) + 0.6 * (3.44 - mean), 3.44];
  ["least", "greatest", "range", "mean", "mean deviation", "most frequent"].forEach((statistic, which) => {
    assert.ok(Math.abs(at(`${statistic} electronegativity`) - expected[which]!) < 1e-9, statistic);
  });
  // Two that are as frequent: their mean.
  assert.equal(describeFormula("NaCl")![descriptors.indexOf("most frequent atomic number")], 14);
});

const FORMULAS = [
  "Fe2O3",
  "SiO2",
  "NaCl",
  "KCl",
  "MgO",
  "CaCO3",
  "TiO2",
  "GaAs",
  "ZnS",
  "CdTe",
  "Al2O3",
  "LiF",
  "CuSO4·5H2O",
  "Cu2O",
  "PbS",
  "InP",
  "GaN",
  "BaTiO3",
  "SrTiO3",
  "Ca(OH)2",
  "Mg(OH)2",
  "H2O",
  "NH3",
  "CO2",
];

test("a column of formulas is recognised, learned, read and changed place by place; what is no formula is named", () =>
  inFolder(async (folder) => {
    const path = join(folder, "materials.csv");
    await writeFile(
      path,
      `formula,gap\n${FORMULAS.map((formula, at) => `${formula},${at / 7}`).join("\n")}\nunknown,1\n`,
    );
    assert.equal(await table.recognises(path), "certain");
    const source = await table.open(path, { labelColumn: "gap" });
    const notes: string[] = [];
    const options = table.options.parse({});
    const files = await learnColumns(source, options, (note) => notes.push(note));
    assert.ok(
      notes.some((note) => /"formula": 1 of its texts is no formula .* "unknown"/.test(note)),
      notes.join(),
    );
    assert.ok(notes.some((note) => /1 of formulas \(formula\)/.test(note)));
    const [column] = learnedIn(files).columns;
    assert.ok(column?.type === "formula" && column.descriptors.length > 100);
    // Neon is in none of them.
    assert.ok(!column.descriptors.some(({ name }) => name === "fraction of Ne"));
    const built = table.build(options, files);
    const tensors = built.tensors(await source.read(0));
    assert.deepEqual(tensors.values?.shape, [column.descriptors.length]);
    assert.ok(tensors.codes?.data.every((code) => code === 1));
    assert.equal(built.unseen(tensors), undefined);
    const broken = built.tensors(await source.read(FORMULAS.length));
    assert.match(built.unseen(broken) ?? "", /no value in the columns that the encoder reads: formula/);
    const rng = new Rng(1);
    const view = built.tensors(built.augment(await source.read(0), rng, 0));
    const before = tensors.values!.data;
    const changed = Array.from(view.values!.data).filter((value, at) => value !== before[at]).length;
    assert.ok(changed > 10 && changed < 0.7 * column.descriptors.length, `${changed}`);
    // Names and codes that could be elements are categories.
    const words = join(folder, "words.csv");
    await writeFile(
      words,
      `answer,x\n${Array.from({ length: 60 }, (_, at) => `${["Y", "N", "No", "In", "As"][at % 5]},${at / 7}`).join("\n")}\n`,
    );
    const plain = learnedIn(await learnColumns(await table.open(words), options));
    assert.deepEqual(
      plain.columns.map(({ type }) => type),
      ["category", "number"],
    );
  }));

test("a number whose square is none leaves a deviation that is one", () =>
  inFolder(async (folder) => {
    const path = join(folder, "huge.csv");
    await writeFile(
      path,
      `x,y\n${Array.from({ length: 30 }, (_, at) => `${at === 3 ? "1e308" : at / 7},${at % 5}`).join("\n")}\n`,
    );
    const options = table.options.parse({ scale: "standard" });
    const source = await table.open(path);
    const files = await learnColumns(source, options);
    const [column] = learnedIn(files).columns;
    assert.ok(column?.type === "number" && Number.isFinite(column.std) && Number.isFinite(column.mean));
    const { values } = table.build(options, files).tensors(await source.read(3));
    assert.ok(Number.isFinite(values?.data[0]));
  }));
