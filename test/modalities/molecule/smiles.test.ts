/** Random SMILES and tokens of SMILES. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { Rng } from "../../../src/array/rng.ts";
import { tokenizerJson } from "../../../src/data/tokens/listed.ts";
import { rdkitRecord } from "../../../src/modalities/molecule/rdkit/service.ts";
import { moleculeIn } from "../../../src/modalities/molecule/record.ts";
import { shuffledSmiles } from "../../../src/modalities/molecule/smiles/shuffle.ts";
import { SMILES_TOKENS, smilesVocabulary } from "../../../src/modalities/molecule/smiles/tokens.ts";
import { someSmiles } from "../../fixtures/molecules.ts";

const canonical = async (smiles: string) => moleculeIn(await rdkitRecord(smiles)).smiles;

/** Chirality, with and without hydrogen and in rings; double bonds, also at rings; several components, isotopes, metals. */
const HARD = [
  "C[C@H](N)C(=O)O",
  "C[C@@](F)(Cl)Br",
  "C[S@](=O)c1ccccc1",
  "O[C@H]1CC[C@@H](C)CC1",
  "C1C[C@H]2CC[C@@H]1CC2",
  "F/C=C/F",
  "C/C=C\\C=C\\C",
  "O/N=C1\\CCCC(C)C1",
  "C[C@@H]1O[C@H](C/C(C)=C/c2ccc[nH]2)[C@@H](O)[C@]1(C)O",
  "[Na+].[O-]C(=O)c1ccccc1",
  "[13CH3]O.[2H]C([2H])([2H])O",
  "N[C@@H](C)C(=O)N1CCC[C@H]1C(=O)O",
  "c1ccc2c(c1)c1ccccc1n2-c1ccccc1",
  "C[N+](C)(C)CC(=O)[O-]",
  "[Cu+2].[O-][n+]1ccccc1",
  "C1CC2CCC1C2.C%10CCCC%10",
];

test("another SMILES of a molecule is another text for the same molecule, by the seed alone", async () => {
  const all = await Promise.all([...HARD, ...someSmiles(200)].map(canonical));
  let differing = 0;
  for (const [at, smiles] of all.entries()) {
    const views = [0, 1, 2, 3].map((seed) => shuffledSmiles(smiles, new Rng(seed).split(at)));
    assert.deepEqual(
      views,
      [0, 1, 2, 3].map((seed) => shuffledSmiles(smiles, new Rng(seed).split(at))),
    );
    for (const view of views) assert.equal(await canonical(view), smiles, view);
    differing += new Set([smiles, ...views]).size - 1;
  }
  assert.ok(differing > 3.5 * all.length, `${differing} other SMILES of ${all.length} molecules`);
});

test("what is not read is left as it is: square planes", () => {
  const platinum = "C[Pt@SP1](F)(Cl)Br";
  assert.equal(shuffledSmiles(platinum, new Rng(0)), platinum);
});

test("tokens are atoms and bonds, and their texts join to the SMILES", () => {
  const vocabulary = smilesVocabulary(64);
  const tokens = (smiles: string) => [...vocabulary.parse(smiles)].map(vocabulary.token);
  assert.deepEqual(tokens("CCl[C@@H]%12[nH]Br"), ["C", "Cl", "[C@@H]", "%12", "[nH]", "Br"]);
  // CS followed by an aromatic carbon is no scandium.
  assert.deepEqual(tokens("CSc1"), ["C", "S", "c", "1"]);
  assert.deepEqual(tokens("[Cu-3]C[MASK]"), ["[", "C", "u", "-", "3", "]", "C", "[MASK]"]);
  for (const smiles of [...HARD, ...someSmiles(100)]) {
    const ids = vocabulary.parse(smiles);
    assert.equal(vocabulary.decode([vocabulary.ids.begin, ...ids, vocabulary.ids.end]), smiles);
    assert.ok(!ids.includes(vocabulary.ids.unknown), smiles);
  }
});

test("Hugging Face's library reads the tokenizer.json the same", () => {
  const vocabulary = smilesVocabulary(64);
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson(SMILES_TOKENS)), {});
  for (const smiles of [...HARD, ...someSmiles(100)]) {
    const { ids } = tokenizer.encode(smiles, { add_special_tokens: false });
    assert.deepEqual(ids, [...vocabulary.parse(smiles)], smiles);
    assert.equal(tokenizer.decode(ids), smiles);
  }
});
