/** What is computed of molecules for methods that predict it. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { scaled } from "../../../src/data/targets/scales.ts";
import { learnDescriptors } from "../../../src/modalities/molecule/compute.ts";
import { DESCRIPTORS_FILE } from "../../../src/modalities/molecule/computed.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { describedMolecules } from "../../fixtures/molecules.ts";
import { inFolder } from "../../support/cli.ts";

test("bits and descriptors are Python's RDKit's, read from the cache as they were computed, and scaled", () =>
  inFolder(async (folder) => {
    const described = describedMolecules().filter((_, at) => at % 25 === 0);
    const file = join(folder, "molecules.smi");
    await writeFile(file, `${described.map(({ smiles }) => smiles).join("\n")}\n`);
    const plain = await molecule.open(file);
    const options = molecule.options.parse({ compute: true });
    const files = await learnDescriptors(plain);
    const { targets } = molecule.build(options, files);
    assert.ok(targets);
    assert.deepEqual(
      targets.groups.map(({ name, type, size }) => [name, type, size]),
      [
        ["morgan", "bits", 2048],
        ["maccs", "bits", 167],
        ["descriptors", "numbers", 43],
      ],
    );
    const { names }: { names: string[] } = JSON.parse(files[DESCRIPTORS_FILE] ?? "");
    const places = ["amw", "CrippenClogP", "tpsa"].map((name) => names.indexOf(name));
    assert.ok(!places.includes(-1));
    // Twice: computed, and from the cache, as another thread would read it.
    for (let round = 0; round < 2; round++) {
      const source = await molecule.reopen(structuredClone(plain.manifest), options);
      for (const [index, expected] of described.entries()) {
        const sample = await source.read(index);
        const of = (group: string): readonly number[] => [...(targets.of(sample, group) ?? [])];
        const on = (group: string): number[] => [...of(group).keys()].filter((bit) => of(group)[bit]);
        assert.deepEqual(on("morgan"), expected.morgan);
        assert.deepEqual(on("maccs"), expected.maccs);
        const values = of("descriptors");
        places.forEach((place, at) => {
          const [value, wanted] = [values[place]!, expected.numbers[at]!];
          assert.ok(Math.abs(value - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted)), `${expected.smiles}: ${value}`);
        });
      }
      await source.close();
    }
    // Read without options, for its vector alone.
    assert.equal(targets.of(await plain.read(0), "morgan"), undefined);
    const scales = targets.groups[2]?.scales ?? [];
    const weights = described.map(({ numbers }) => {
      const row = new Float32Array(43);
      row[places[0]!] = numbers[0]!;
      return scaled(row, scales)[places[0]!]!;
    });
    const mean = weights.reduce((sum, weight) => sum + weight / weights.length, 0);
    assert.ok(Math.abs(mean) < 1e-5 && weights.some((weight) => Math.abs(weight) > 0.5), `${mean}`);
    await plain.close();
  }));

test("molecules whose descriptors cannot be computed are passed over when scales are measured; all of them are an error", () =>
  inFolder(async (folder) => {
    const file = join(folder, "molecules.smi");
    await writeFile(file, "CCO\nCCN\nc1ccccc1O\n");
    const plain = await molecule.open(file);
    const unreadable = (which: readonly number[]) => ({
      ...plain,
      // RDKit refuses this text.
      read: async (index: number) => ({
        ...(await plain.read(index)),
        ...(which.includes(index) ? { smiles: "C(C" } : {}),
      }),
    });
    const scales = async (which: readonly number[]) =>
      JSON.parse((await learnDescriptors(unreadable(which)))[DESCRIPTORS_FILE] ?? "");
    await writeFile(file.replace("molecules", "two"), "CCN\nc1ccccc1O\n");
    const two = await molecule.open(file.replace("molecules", "two"));
    assert.deepEqual(await scales([0]), JSON.parse((await learnDescriptors(two))[DESCRIPTORS_FILE] ?? ""));
    await assert.rejects(scales([0, 1, 2]), /^UserError: the descriptors of none of the molecules can be computed$/);
    await Promise.all([plain.close(), two.close()]);
  }));
