/** Features, fingerprints, scaffolds and splits are those of Python's RDKit: test/fixtures/molecules/make.py. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { MACCS_KEYS, MORGAN_BITS } from "../../../src/modalities/molecule/rdkit/codes.ts";
import { rdkitBits, rdkitRecord, rdkitText } from "../../../src/modalities/molecule/rdkit/service.ts";
import { moleculeIn } from "../../../src/modalities/molecule/record.ts";
import { describedMolecules } from "../../fixtures/molecules.ts";

const described = describedMolecules();
const set = (bits: Float32Array): number[] => [...bits.keys()].filter((bit) => bits[bit]);

test("1,000 molecules: nine features of every atom, hybridisation by SMARTS, and three of every bond", async () => {
  assert.equal(described.length, 1000);
  const records = await Promise.all(described.map(({ smiles }) => rdkitRecord(smiles)));
  let atoms = 0;
  described.forEach((expected, at) => {
    const { graph } = moleculeIn(records[at]!);
    assert.equal(graph.count, expected.atoms.length);
    assert.deepEqual(
      [...graph.nodes].map((code) => code - 2),
      expected.atoms.flat(),
      expected.smiles,
    );
    assert.deepEqual(
      [...graph.edges].map((code, column) => (column % 5 < 2 ? code : code - 2)),
      expected.bonds.flat(),
      expected.smiles,
    );
    atoms += graph.count;
  });
  assert.equal(atoms, 21_186);
});

test("1,000 molecules: every bit of ECFP4 and every MACCS key", async () => {
  for (const [task, count] of [
    ["morgan", MORGAN_BITS],
    ["maccs", MACCS_KEYS],
  ] as const) {
    const found = await Promise.all(described.map(({ smiles }) => rdkitBits(task, smiles)));
    described.forEach((expected, at) => {
      assert.equal(found[at]!.length, count);
      assert.deepEqual(set(found[at]!), expected[task], expected.smiles);
    });
  }
});

test("1,000 molecules: the Bemis–Murcko scaffold, of the SMILES as written and of RDKit's own", async () => {
  const found = await Promise.all(described.map(({ smiles }) => rdkitText("scaffold", smiles)));
  assert.deepEqual(
    found,
    described.map(({ scaffold }) => scaffold),
  );
  const canonical = await Promise.all(
    described.map(async ({ smiles }) => moleculeIn(await rdkitRecord(smiles)).smiles),
  );
  const again = await Promise.all(canonical.map((smiles) => rdkitText("scaffold", smiles)));
  assert.deepEqual(again, found);
});

interface Expected {
  readonly rows: number;
  readonly unreadable: readonly number[];
  readonly sizes: readonly number[];
  readonly groups: string;
  readonly split: string;
}

const data = new URL("../../../../shared/data/moleculenet/", import.meta.url);
const indicesOf = (all: ArrayLike<number>, wanted: number): number[] =>
  Array.from(all, (one, index) => (one === wanted ? index : -1)).filter((index) => index >= 0);
const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");

const absent = existsSync(data) ? false : "MoleculeNet's sets are not there (../shared/data/moleculenet)";
const expectedSets: Readonly<Record<string, Expected>> = JSON.parse(
  await readFile(new URL("../../fixtures/molecules/splits.json", import.meta.url), "utf8"),
);

for (const [name, expected] of Object.entries(expectedSets))
  test(`${name}: the same molecules are refused, and the scaffold split is the published one`, {
    skip: absent,
  }, async () => {
    const source = await molecule.open(fileURLToPath(new URL(`${name}.csv.gz`, data)));
    assert.equal(source.length, expected.rows);
    const unreadable: number[] = [];
    const scaffolds = await Promise.all(
      Array.from({ length: source.length }, async (_, index) =>
        molecule.group!(source, index).catch((error: unknown) => {
          assert.ok(error instanceof BrokenSample, String(error));
          assert.match(error.message, /^not a molecule \(.+\)$/);
          unreadable.push(index);
          return undefined;
        }),
      ),
    );
    await source.close();
    assert.deepEqual(
      unreadable.toSorted((a, b) => a - b),
      expected.unreadable,
    );
    const numbers = new Map<string, number>();
    const groups = Int32Array.from(scaffolds, (scaffold) => {
      if (scaffold === undefined) return -1;
      numbers.set(scaffold, numbers.get(scaffold) ?? numbers.size);
      return numbers.get(scaffold)!;
    });
    const members = [...numbers.values()].map((number) => indicesOf(groups, number));
    const ordered = members.sort((a, b) => b.length - a.length || b[0]! - a[0]!);
    const partOf = molecule.splits!.scaffold!(groups);
    const parts = [0, 1, 2].map((part) => indicesOf(partOf, part));
    const sorted = (all: readonly (readonly number[])[]) => all.map((one) => one.toSorted((a, b) => a - b));
    assert.deepEqual(
      parts.map(({ length }) => length),
      expected.sizes,
    );
    assert.equal(digest(ordered), expected.groups);
    assert.equal(digest(sorted(parts)), expected.split);
  });
