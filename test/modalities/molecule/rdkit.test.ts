/** Molecules that RDKit refuses, that ruin it, or with which it comes to no end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { type Instance, newInstance } from "../../../src/modalities/molecule/rdkit/instance.ts";
import { MOST_ATOMS, MOST_CHARACTERS } from "../../../src/modalities/molecule/rdkit/limits.ts";
import { outcomes } from "../../../src/modalities/molecule/rdkit/outcomes.ts";
import { JobPool } from "../../../src/modalities/molecule/rdkit/pool.ts";
import { rdkitRecord } from "../../../src/modalities/molecule/rdkit/service.ts";
import { perform } from "../../../src/modalities/molecule/rdkit/tasks.ts";
import { moleculeIn } from "../../../src/modalities/molecule/record.ts";
import { someSmiles } from "../../fixtures/molecules.ts";

const smilesOf = async (input: string) => moleculeIn(await rdkitRecord(input)).smiles;

test("what is no molecule is named with RDKit's reason", async () => {
  for (const [input, reason] of [
    ["CN(C)(C)(C)C", /^not a molecule \(Explicit valence for atom # 1 N, 5, is greater than permitted\)$/],
    ["C1CC", /^not a molecule \(unclosed ring for input: 'C1CC'\)$/],
    ["c1ccccc1C(", /^not a molecule \(.*syntax error|extra open parentheses/],
    ["c1cccc1", /^not a molecule \(Can't kekulize mol\./],
    ["", /^a molecule without atoms$/],
    ["CC\0O", /control characters/],
    ["🙂", /^not a molecule \(/],
    ["C".repeat(MOST_ATOMS + 1), /^501 atoms; molecules of up to 500 are read$/],
    ["C(=O)".repeat(MOST_CHARACTERS / 5 + 1), /^a SMILES of 1005 characters; 1000 are read$/],
  ] as const) {
    const error = await smilesOf(input).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof BrokenSample, `${input.slice(0, 20)}: ${error}`);
    assert.match(error.message, reason);
    assert.doesNotMatch(error.message, /\n/);
  }
  assert.equal(await smilesOf("OCC"), "CCO");
  assert.equal(await smilesOf("C".repeat(MOST_ATOMS)), "C".repeat(MOST_ATOMS));
});

test("a molecule that ruins an instance is the only one that is lost", async () => {
  const made: Instance[] = [];
  const outcomeOf = outcomes(
    async () => {
      const instance = await newInstance();
      made.push(instance);
      return instance;
    },
    (task, input, instance) => {
      // Past the limits, as a molecule might be that they do not know.
      if (input === "deep") instance.library.get_mol("C".repeat(5000))?.delete();
      return perform(task, input, instance);
    },
  );
  const good = { task: "scaffold", input: "Cc1ccccc1" } as const;
  assert.deepEqual(await outcomeOf(good), { value: "c1ccccc1" });
  const ruined = await outcomeOf({ task: "scaffold", input: "deep" });
  assert.match("broken" in ruined ? ruined.broken : "", /^RDKit fails on this molecule \(/);
  assert.throws(() => made[0]?.library.get_mol("CCO"), "the old instance still works: then none need be replaced");
  assert.deepEqual(await outcomeOf(good), { value: "c1ccccc1" });
  assert.equal(made.length, 2);
});

test("with a molecule that comes to no end the thread is replaced, and the others are answered", async () => {
  const pool = new JobPool(new URL("../../fixtures/molecules/endless-worker.ts", import.meta.url), { seconds: 0.5 });
  const ask = (input: string): Promise<unknown> =>
    pool.ask({ task: "scaffold", input }).catch((error: Error) => `${error.name}: ${error.message}`);
  assert.deepEqual(await Promise.all(["a", "endless", "b", "broken", "c"].map(ask)), [
    "a",
    "BrokenSample: RDKit comes to no end with this molecule in 0.5 s",
    "b",
    "BrokenSample: not a molecule",
    "c",
  ]);
  assert.match(String(await ask("mistake")), /^Error: the thread for molecules stopped: a mistake of ours$/);
  assert.equal(await ask("d"), "d");
});

test("1,000 mutated SMILES: each is read or refused with a line, none does harm", async () => {
  const pieces = [
    ..."()[]=#@%1290./\\cn*~",
    "[nH]",
    "Cl",
    "C".repeat(300),
    "C(".repeat(200),
    "c1ccccc1".repeat(40),
    "\ud83d",
  ];
  const rng = new Rng(0).split("mutants");
  const smiles = someSmiles(100);
  const mutants = Array.from({ length: 1000 }, (_, at) => {
    let text = smiles[at % smiles.length]!;
    for (let change = rng.integer(1, 3); change > 0; change--) {
      const place = rng.integer(0, text.length);
      const piece = pieces[rng.integer(0, pieces.length - 1)]!;
      text = text.slice(0, place) + (rng.chance(0.6) ? piece : "") + text.slice(place + rng.integer(0, 2));
    }
    return text;
  });
  const read = await Promise.all(
    mutants.map((mutant) =>
      smilesOf(mutant).then(
        () => "read",
        (error: unknown) => {
          assert.ok(error instanceof BrokenSample, `${mutant}: ${error}`);
          assert.match(error.message, /^[^\n]{5,300}$/);
          assert.doesNotMatch(error.message, /RDKit (fails|comes to no end)/, mutant);
          return "refused";
        },
      ),
    ),
  );
  const count = read.filter((one) => one === "read").length;
  assert.ok(count > 50 && count < 950, `${count} of 1,000 are read`);
  assert.equal(await smilesOf("OCC"), "CCO");
});
