/** Several molecules in one training sample: none is lost, none is changed, and a run learns from them. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { offerOf } from "../../../src/data/ability.ts";
import { graphs } from "../../../src/data/graph.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { part } from "../../../src/graphs/parts.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { isMolecule } from "../../../src/modalities/molecule/molecule.ts";
import { mostOf } from "../../../src/modalities/molecule/rdkit/limits.ts";
import { pretrain } from "../../../src/training/pretrain.ts";
import { describedMolecules, someSmiles } from "../../fixtures/molecules.ts";
import { inFolder } from "../../support/cli.ts";

test("a SMILES tells how many atoms and bonds there are at most, nearly always exactly", () => {
  const all = describedMolecules();
  let exact = 0;
  for (const { smiles, atoms, bonds } of all) {
    const { nodes, edges } = mostOf(smiles);
    assert.ok(nodes >= atoms.length && edges >= bonds.length, smiles);
    if (nodes === atoms.length && edges === bonds.length) exact++;
  }
  assert.ok(exact > 0.95 * all.length, String(exact));
  assert.deepEqual(mostOf("C%12CCCCC%12.[Na+]"), { nodes: 7, edges: 7 });
});

test("packed samples have every molecule once, and fit what they are padded to", () =>
  inFolder(async (folder) => {
    const path = join(folder, "molecules.smi");
    await writeFile(path, `${[...someSmiles(60), "C1CC open"].join("\n")}\n`);
    const source = await molecule.open(path);
    const options = molecule.options.parse({ ...(await molecule.infer(source)), pack: true });
    const notes: string[] = [];
    const samples = await molecule.arrange!(source, options, {}, (note) => notes.push(note));
    assert.ok(samples.length < 25, notes[0]);
    assert.match(notes[0]!, /^\d+ samples of up to 80 atoms, from 61 molecules$/);
    const again = await molecule.reopen(structuredClone(samples.manifest), options);
    const built = molecule.build(options);
    assert.ok("graphs" in built);
    const columns = built.graphs;
    const found: string[] = [];
    for (let at = 0; at < samples.length; at++) {
      const sample = await samples.read(at);
      assert.deepEqual(await again.read(at), sample);
      assert.ok("graph" in sample && !isMolecule(sample));
      for (const view of [sample, built.perturb(sample, new Rng(1))]) {
        const { nodes, edges } = built.tensors(view);
        assert.deepEqual(
          [nodes!.shape[0], edges!.shape[0]],
          [80, Math.ceil((88 * options.maxEdges) / options.maxNodes)],
        );
      }
      // Molecules lie one after the other: each is what is connected, or several pieces of a salt.
      found.push(JSON.stringify([...sample.graph.nodes]));
    }
    const expected: number[] = [];
    for (let at = 0; at < source.length; at++) {
      const sample = await source.read(at).catch(() => undefined);
      if (sample && isMolecule(sample)) expected.push(Math.min(sample.graph.count, options.maxNodes));
    }
    const total = found.reduce((sum, nodes) => sum + JSON.parse(nodes).length / columns.nodeSizes.length, 0);
    assert.equal(
      total,
      expected.reduce((sum, count) => sum + count, 0),
    );
    await Promise.all([again.close(), source.close()]);
  }));

test("a packed sample's molecules are those that are read alone", () =>
  inFolder(async (folder) => {
    const path = join(folder, "molecules.smi");
    await writeFile(path, "CCO\nC1CC1N\nClC=C\n");
    const source = await molecule.open(path);
    const options = molecule.options.parse({ pack: true });
    const samples = await molecule.arrange!(source, options, {});
    assert.equal(samples.length, 1);
    const whole = await samples.read(0);
    assert.ok("graph" in whole);
    const columns = offerOf(molecule.build(options), graphs)!;
    for (const [at, first] of [0, 3, 7].entries()) {
      const alone = await source.read(at);
      assert.ok("graph" in alone);
      const places = Array.from({ length: alone.graph.count }, (_, place) => first + place);
      assert.deepEqual(part(whole.graph, columns, places), alone.graph);
    }
    await source.close();
  }));

test("a run learns from packed molecules", () =>
  inFolder(async (folder) => {
    const path = join(folder, "molecules.smi");
    await writeFile(path, `${someSmiles(64).join("\n")}\n`);
    const out = join(folder, "run");
    await pretrain({
      ...{ data: path, out, method: "attribute-masking", encoder: "gin", modality: "molecule" },
      ...{ encoderOptions: { width: 16, depth: 2 }, modalityOptions: { pack: true } },
      training: { epochs: 12, batchSize: 4, learningRate: 5e-3 },
    });
    const lines = (await readFile(join(out, "metrics.jsonl"), "utf8")).trim().split("\n");
    const losses = lines.map((line) => Number(JSON.parse(line).loss)).filter(Number.isFinite);
    assert.ok(losses.at(-1)! < 0.5 * losses[0]!, losses.join());
  }));

test("methods that read a sample as one molecule refuse packed ones before they train", () =>
  inFolder(async (folder) => {
    const path = join(folder, "molecules.smi");
    await writeFile(path, `${someSmiles(16).join("\n")}\n`);
    for (const [method, message] of [
      ["simclr", /^simclr: takes all graphs of a packed sample for one; leave out --pack$/],
      ["attribute-masking+byol", /^byol: takes all graphs of a packed sample for one; leave out --pack$/],
      ["dgi", /^dgi: takes all graphs of a packed sample for one; leave out --pack$/],
      ["descriptor-prediction", /^values are computed of single molecules, not of packed samples; leave out --pack$/],
    ] as const) {
      const out = join(folder, method);
      await assert.rejects(
        pretrain({
          ...{ data: path, out, method, encoder: "gin", modality: "molecule" },
          ...{ encoderOptions: { width: 16, depth: 2 }, modalityOptions: { pack: true } },
          training: { epochs: 1, batchSize: 4 },
        }),
        (error) => error instanceof UserError && message.test(error.message),
      );
      assert.ok(!existsSync(out));
    }
  }));
