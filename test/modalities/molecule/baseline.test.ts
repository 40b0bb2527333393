import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ecfp } from "../../../src/modalities/molecule/baseline.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { MORGAN_BITS } from "../../../src/modalities/molecule/rdkit/codes.ts";
import { describedMolecules } from "../../fixtures/molecules.ts";
import { inFolder } from "../../support/cli.ts";

test("the baseline's rows are Python's bits of ECFP4; what RDKit refuses is named and left out", () =>
  inFolder(async (folder) => {
    const described = describedMolecules().slice(0, 40);
    const lines = described.map(({ smiles }) => smiles);
    await writeFile(join(folder, "molecules.smi"), `${[...lines.slice(0, 7), "C1CC", ...lines.slice(7)].join("\n")}\n`);
    const source = await molecule.open(join(folder, "molecules.smi"));
    const seen: number[] = [];
    const { rows, dim, data, indices, broken } = await ecfp(molecule.build(molecule.options.parse({}))).extract(
      source,
      (done) => seen.push(done),
    );
    await source.close();
    assert.deepEqual([rows, dim, seen.at(-1)], [40, MORGAN_BITS, 41]);
    assert.deepEqual([...indices.slice(6, 9)], [6, 8, 9]);
    assert.deepEqual(
      broken.map(({ name }) => name),
      ["molecules.smi:8"],
    );
    assert.match(broken[0]!.reason, /^not a molecule/);
    for (const [row, { morgan, smiles }] of described.entries()) {
      const bits = data.subarray(row * dim, (row + 1) * dim);
      assert.deepEqual(
        [...bits.keys()].filter((bit) => bits[bit]),
        morgan,
        smiles,
      );
    }
  }));
